#include "sink/sql/odbc_text.h"

#include <charconv>

namespace ctk::sink::sql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The number that begins `text`; 0 where none does.
size_t leading_number(std::string_view text) {
  size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

MarkedText to_markers(std::string_view sql, bool with_dollars) {
  MarkedText marked;
  char inside = '\0';
  size_t next = 0;
  for (size_t at = 0; at < sql.size(); ++at) {
    const char c = sql[at];
    if (inside != '\0') {
      if (c == inside) inside = '\0';
    } else if (c == '\'' || c == '"' || c == '`') {
      inside = c;
    } else if (c == '?' || (c == '$' && with_dollars)) {
      const size_t number = leading_number(sql.substr(at + 1));
      if (c == '?' || number > 0) {
        next = number > 0 ? number : next + 1;
        marked.order.push_back(next - 1);
        marked.sql += '?';
        while (at + 1 < sql.size() && is_digit(sql[at + 1])) ++at;
        continue;
      }
    }
    marked.sql += c;
  }
  return marked;
}

}  // namespace ctk::sink::sql
