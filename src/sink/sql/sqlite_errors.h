// SQLite's result codes (rescode.html) → what a failure concerns. Data, with a look-up.
#pragma once

#include <string_view>

#include "base/error.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

struct SqliteMeaning {
  int code;
  Scope scope;
  ErrorKind kind;
  std::string_view words;
};

/// By the primary code of `code`. Null: it may be one row's fault (a trigger's statement) or everything's.
const SqliteMeaning* sqlite_meaning(int code);

}  // namespace ctk::sink::sql
