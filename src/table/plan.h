// What a Renderer works out once for a table, so that a change costs only its own walk.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "table/learned_types.h"
#include "table/projection.h"
#include "table/spec.h"
#include "table/type_tree.h"

namespace ctk::table {

/// What a target's `data` takes.
enum class DataShape {
  json,          ///< any JSON, digit for digit (SQLite, ndjson)
  postgres,      ///< jsonb: any JSON without U+0000
  mysql,         ///< any JSON whose numbers MySQL's JSON gives back as they were
  crate_open,    ///< OBJECT(IGNORED): any JSON whose numbers a double or an int64 holds
  crate_typed,   ///< OBJECT(STRICT): learned paths of exactly their types
  crate_closed,  ///< typed JSON for an object that wants types: nothing
};

struct RenderPlan {
  DataShape shape = DataShape::json;
  bool typed_json = false;                 ///< encoding=dynamodb
  std::vector<std::string> left_out;       ///< keys that have columns of their own
  std::unique_ptr<Projection> projection;  ///< none: every attribute as it is
  TypeTree types;
  size_t column_count = 0;
  size_t max_columns = 0;  ///< the user's or the server's, whichever is lower

  bool leaves_out(std::string_view name) const {
    return std::any_of(left_out.begin(), left_out.end(), [&](const std::string& key) { return key == name; });
  }

  static RenderPlan make(const TableSpec& spec, const LearnedTypes& types);
};

}  // namespace ctk::table
