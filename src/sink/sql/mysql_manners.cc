#include "sink/sql/mysql_manners.h"

#include <array>
#include <charconv>

namespace ctk::sink::sql {

bool names_rows(std::string_view version) {
  constexpr std::array<int, 3> kFirst = {8, 0, 19};
  std::array<int, 3> parts{};
  const char* at = version.data();
  const char* end = at + version.size();
  for (int& part : parts) {
    const auto [next, error] = std::from_chars(at, end, part);
    if (error != std::errc()) break;
    at = next != end && *next == '.' ? next + 1 : end;
  }
  return parts >= kFirst;
}

}  // namespace ctk::sink::sql
