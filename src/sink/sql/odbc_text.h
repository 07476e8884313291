// Statements as ODBC takes them, out of what a dialect writes. Pure text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ctk::sink::sql {

/// A statement whose parameters are all `?`, as ODBC has them.
struct MarkedText {
  std::string sql;
  std::vector<size_t> order;  ///< for each `?` its parameter, from 0; one may stand in several places
};

/// Replaces `?3` and, `with_dollars`, `$3` outside of quotes; a bare `?` is the parameter after that of the `?` before it.
MarkedText to_markers(std::string_view sql, bool with_dollars);

}  // namespace ctk::sink::sql
