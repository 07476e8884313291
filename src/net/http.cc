#include "net/http.h"

#include <array>
#include <charconv>

namespace ctk::net {
namespace {

/// The number in `count` digits at `from`, or -1.
int digits_at(std::string_view text, size_t from, size_t count) {
  int value = -1;
  const char* first = text.data() + from;
  auto [end, error] = std::from_chars(first, first + count, value);
  return error == std::errc() && end == first + count ? value : -1;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7); the obsolete forms are left out.
std::optional<Timestamp> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  unsigned month = 1;
  while (month <= kMonths.size() && kMonths[month - 1] != text.substr(8, 3)) ++month;
  std::chrono::year_month_day date{std::chrono::year(digits_at(text, 12, 4)), std::chrono::month(month),
                                   std::chrono::day(static_cast<unsigned>(digits_at(text, 5, 2)))};
  int hours = digits_at(text, 17, 2);
  int minutes = digits_at(text, 20, 2);
  int seconds = digits_at(text, 23, 2);
  if (!date.ok() || hours < 0 || minutes < 0 || seconds < 0) return std::nullopt;
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
         std::chrono::seconds(seconds);
}

}  // namespace

std::string_view find_header(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::optional<Timestamp> HttpResponse::date() const { return parse_http_date(header("date")); }

}  // namespace ctk::net
