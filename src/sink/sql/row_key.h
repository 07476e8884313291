// The key of a row, as dead letters and witnesses keep it: typed JSON.
#pragma once

#include <string>
#include <vector>

#include "table/render.h"

namespace ctk::sink::sql {

/// A typed key (`{"pk":{"S":"a"}}`) as the table's key cells; none where it is not this table's.
std::vector<table::KeyCell> key_cells(const table::Renderer& renderer, const std::string& typed_key);

}  // namespace ctk::sink::sql
