// SQLSTATE → what a failure concerns. Data, with a look-up; PostgreSQL's codes (its manual, appendix A).
#pragma once

#include <string_view>

#include "base/error.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

struct StateMeaning {
  std::string_view code;  ///< five characters, or two for a whole class
  Scope scope;
  ErrorKind kind;
  std::string_view words;
};

/// The entry of this very code, else of its class, else "refused, for everything".
const StateMeaning& meaning_of(std::string_view sqlstate);

}  // namespace ctk::sink::sql
