// The plain loop of sql_floor.cc into PostgreSQL through ODBC, with arrays of parameters.
#pragma once

#include <string>
#include <vector>

#include "table/render.h"

namespace ctk::bench {

/// `where`: a connection string. Ends the program where something fails.
void write_odbc(const std::vector<std::vector<table::Row>>& batches, const std::string& where);

}  // namespace ctk::bench
