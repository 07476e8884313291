// The key of an item, from what a row holds of it. Pure.
#pragma once

#include <optional>
#include <string>

#include "dynamodb/key_schema.h"
#include "sink/row_reader.h"
#include "table/spec.h"

namespace ctk::verify {

/// Typed JSON, names sorted, numbers canonical: `{"pk":{"S":"a"}}`. Nothing where the row's id is none that could have been
/// written (layout=document).
std::optional<std::string> item_key(const dynamodb::KeySchema& schema, const table::TableSpec& spec,
                                    const sink::KeyTexts& row);

}  // namespace ctk::verify
