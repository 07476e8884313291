// Texts of moments, durations and sizes.
//
//   moment:   DATE [ ( "T" | " " ) HH ":" MM [ ":" SS [ ( "." | "," ) FRACTION ] ] [ "Z" | ("+"|"-") HH [ [":"] MM ] ] ] |
//   NUMBER duration: NUMBER | { NUMBER ( "us" | "ms" | "s" | "m" | "h" | "d" ) } size:     NUMBER [ ( "K" | "M" | "G" | "T"
//   ) [ "i" ] ] [ "B" ] NUMBER:   digits [ "." digits ], in a moment also with a sign and an exponent
#include "base/time.h"

#include <fmt/format.h>
#include <ctime>

#include <array>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>

namespace ctk {
namespace {

using std::chrono::microseconds;

Duration read_clock(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes texts apart from the left.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char c) {
    if (peek() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_any(std::string_view set) {
    if (rest_.empty() || set.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view digits() {
    size_t n = 0;
    while (n < rest_.size() && is_digit(rest_[n])) ++n;
    return cut(n);
  }
  std::string_view letters() {
    size_t n = 0;
    while (n < rest_.size() && std::isalpha(static_cast<unsigned char>(rest_[n])) != 0) ++n;
    return cut(n);
  }
  /// Exactly `count` digits as a number.
  std::optional<int> fixed(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (!is_digit(rest_[i])) return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    cut(count);
    return value;
  }

 private:
  std::string_view cut(size_t n) {
    std::string_view head = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return head;
  }
  std::string_view rest_;
};

/// A decimal number as its digits and the place of its point: value = digits × 10^-scale.
struct Decimal {
  bool negative = false;
  std::string digits;
  int scale = 0;
};

std::optional<Decimal> scan_decimal(Scanner& in) {
  Decimal number;
  number.digits = in.digits();
  if (in.take('.')) {
    std::string_view fraction = in.digits();
    if (fraction.empty()) return std::nullopt;
    number.digits += fraction;
    number.scale = static_cast<int>(fraction.size());
  }
  if (number.digits.empty() || number.digits.size() > 64) return std::nullopt;
  return number;
}

__extension__ using Wide = __int128;

/// number × 10^exponent × factor, cut to a whole number; nothing where it does not fit. Twelve digits of a fraction count.
std::optional<int64_t> scale_decimal(const Decimal& number, int exponent, int64_t factor) {
  constexpr size_t kFractionDigits = 12;
  int power = exponent - number.scale;
  if (power > 40 || power < -200) return std::nullopt;
  std::string digits = number.digits;
  if (power > 0) digits.append(static_cast<size_t>(power), '0');
  size_t right = power < 0 ? static_cast<size_t>(-power) : 0;
  if (digits.size() < right) digits.insert(0, right - digits.size(), '0');
  size_t left = digits.size() - right;
  int64_t whole = 0;
  for (size_t i = 0; i < left; ++i) {
    if (__builtin_mul_overflow(whole, int64_t{10}, &whole)) return std::nullopt;
    if (__builtin_add_overflow(whole, int64_t{digits[i] - '0'}, &whole)) return std::nullopt;
  }
  if (__builtin_mul_overflow(whole, factor, &whole)) return std::nullopt;
  Wide fraction = 0;
  for (size_t i = 0; i < kFractionDigits; ++i) fraction = fraction * 10 + (i < right ? digits[left + i] - '0' : 0);
  constexpr int64_t kFractionUnit = 1'000'000'000'000;
  int64_t part = static_cast<int64_t>(fraction * factor / kFractionUnit);
  if (__builtin_add_overflow(whole, part, &whole)) return std::nullopt;
  return number.negative ? -whole : whole;
}

/// An epoch: seconds, milliseconds or microseconds, told apart by magnitude.
std::optional<Timestamp> scan_epoch(std::string_view text) {
  Scanner in(text);
  bool negative = in.take('-');
  if (!negative) in.take('+');
  std::optional<Decimal> number = scan_decimal(in);
  if (!number) return std::nullopt;
  number->negative = negative;
  int exponent = 0;
  if (in.take_any("eE")) {
    bool down = in.take('-');
    if (!down) in.take('+');
    std::string_view digits = in.digits();
    if (digits.empty() || digits.size() > 2) return std::nullopt;
    for (char c : digits) exponent = exponent * 10 + (c - '0');
    if (down) exponent = -exponent;
  }
  if (!in.at_end()) return std::nullopt;
  std::optional<int64_t> magnitude = scale_decimal(*number, exponent, 1);
  if (!magnitude) return std::nullopt;
  int64_t size = *magnitude < 0 ? -*magnitude : *magnitude;
  int64_t factor = size < 100'000'000'000 ? 1'000'000 : size < 100'000'000'000'000 ? 1'000 : 1;
  std::optional<int64_t> micros = scale_decimal(*number, exponent, factor);
  if (!micros) return std::nullopt;
  return from_micros(*micros);
}

/// "Z", "+02:00", "+0200", "+02", or nothing, which is UTC.
std::optional<std::chrono::minutes> scan_zone(Scanner& in) {
  if (in.at_end() || in.take_any("Zz")) return std::chrono::minutes(0);
  bool west = in.take('-');
  if (!west && !in.take('+')) return std::nullopt;
  std::optional<int> hours = in.fixed(2);
  if (!hours || *hours > 23) return std::nullopt;
  int minutes = 0;
  if (!in.at_end()) {
    in.take(':');
    std::optional<int> given = in.fixed(2);
    if (!given || *given > 59) return std::nullopt;
    minutes = *given;
  }
  std::chrono::minutes offset = std::chrono::hours(*hours) + std::chrono::minutes(minutes);
  return west ? -offset : offset;
}

/// "HH:MM[:SS[.fraction]]".
std::optional<Duration> scan_time_of_day(Scanner& in) {
  std::optional<int> hours = in.fixed(2);
  if (!hours || *hours > 23 || !in.take(':')) return std::nullopt;
  std::optional<int> minutes = in.fixed(2);
  if (!minutes || *minutes > 59) return std::nullopt;
  Duration time = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  if (!in.take(':')) return time;
  std::optional<int> seconds = in.fixed(2);
  if (!seconds || *seconds > 60) return std::nullopt;
  time += std::chrono::seconds(*seconds);
  if (in.take_any(".,")) {
    Decimal fraction;
    fraction.digits = in.digits().substr(0, 18);
    fraction.scale = static_cast<int>(fraction.digits.size());
    if (fraction.digits.empty()) return std::nullopt;
    time += microseconds(scale_decimal(fraction, 0, 1'000'000).value_or(0));
  }
  return time;
}

std::optional<Timestamp> scan_calendar(std::string_view text) {
  Scanner in(text);
  std::optional<int> year = in.fixed(4);
  if (!year || !in.take('-')) return std::nullopt;
  std::optional<int> month = in.fixed(2);
  if (!month || !in.take('-')) return std::nullopt;
  std::optional<int> day = in.fixed(2);
  if (!day) return std::nullopt;
  std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                   std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  Timestamp midnight = std::chrono::sys_days(date);
  if (in.at_end()) return midnight;
  if (!in.take_any("Tt ")) return std::nullopt;
  std::optional<Duration> time = scan_time_of_day(in);
  if (!time) return std::nullopt;
  std::optional<std::chrono::minutes> zone = scan_zone(in);
  if (!zone || !in.at_end()) return std::nullopt;
  return midnight + *time - *zone;
}

struct Unit {
  std::string_view name;
  int64_t factor;
};

constexpr std::array<Unit, 6> kDurationUnits{
    {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}, {"ms", 1'000}, {"us", 1}}};

const Unit* find_duration_unit(std::string_view name) {
  for (const Unit& unit : kDurationUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

std::optional<int64_t> size_factor(std::string_view unit) {
  std::string name;
  for (char c : unit) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (name.ends_with("B")) name.pop_back();
  if (name.size() == 2 && name.ends_with("I")) name.pop_back();
  if (name.empty()) return 1;
  if (name == "K") return int64_t{1} << 10;
  if (name == "M") return int64_t{1} << 20;
  if (name == "G") return int64_t{1} << 30;
  if (name == "T") return int64_t{1} << 40;
  return std::nullopt;
}

std::unexpected<Error> not_a(std::string_view what, std::string_view text, std::string_view accepted) {
  return fail(ErrorKind::usage, fmt::format("'{}' is not a {}", text, what), {}, fmt::format("accepted: {}", accepted));
}

/// Writes `count` digits, with zeros before the number, from `at` on.
void put_digits(std::string& text, size_t at, size_t count, int64_t number) {
  for (; count > 0; number /= 10) text[at + --count] = static_cast<char>('0' + number % 10);
}

}  // namespace

Timestamp SystemClock::now() { return Timestamp(read_clock(CLOCK_REALTIME)); }

Duration SystemClock::monotonic() { return read_clock(CLOCK_BOOTTIME); }

void append_iso8601(std::string& out, Timestamp time) {
  auto midnight = std::chrono::floor<std::chrono::days>(time);
  constexpr auto kFirst = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
  constexpr auto kEnd = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);
  if (midnight < kFirst || midnight >= kEnd) {
    out += std::to_string(to_micros(time));
    return;
  }
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss<microseconds> clock(time - midnight);
  const size_t at = out.size();
  out += "0000-00-00T00:00:00.000000Z";  // every change has such a time
  put_digits(out, at, 4, static_cast<int>(date.year()));
  put_digits(out, at + 5, 2, static_cast<unsigned>(date.month()));
  put_digits(out, at + 8, 2, static_cast<unsigned>(date.day()));
  put_digits(out, at + 11, 2, clock.hours().count());
  put_digits(out, at + 14, 2, clock.minutes().count());
  put_digits(out, at + 17, 2, clock.seconds().count());
  put_digits(out, at + 20, 6, clock.subseconds().count());
}

std::string format_iso8601(Timestamp time) {
  std::string text;
  append_iso8601(text, time);
  return text;
}

Result<Timestamp> parse_timestamp(std::string_view text) {
  if (std::optional<Timestamp> time = scan_calendar(text)) return *time;
  if (std::optional<Timestamp> time = scan_epoch(text)) return *time;
  return not_a("time", text, "2026-11-22T03:32:55Z, or seconds since 1970");
}

Result<Duration> parse_duration(std::string_view text) {
  constexpr std::string_view kAccepted = "250ms, 5s, 15m, 2h, 7d, or a number of seconds";
  Scanner in(text);
  int64_t total = 0;
  do {
    std::optional<Decimal> number = scan_decimal(in);
    if (!number) return not_a("duration", text, kAccepted);
    bool bare = in.at_end() && total == 0;
    const Unit* unit = find_duration_unit(bare ? "s" : in.letters());
    if (unit == nullptr) return not_a("duration", text, kAccepted);
    std::optional<int64_t> part = scale_decimal(*number, 0, unit->factor);
    if (!part || __builtin_add_overflow(total, *part, &total)) return not_a("duration", text, kAccepted);
  } while (!in.at_end());
  return Duration(total);
}

std::string format_duration(Duration duration) {
  int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string text = rest < 0 ? "-" : "";
  uint64_t left = rest < 0 ? 0 - static_cast<uint64_t>(rest) : static_cast<uint64_t>(rest);
  for (const Unit& unit : kDurationUnits) {
    uint64_t factor = static_cast<uint64_t>(unit.factor);
    if (left >= factor) text += fmt::format("{}{}", left / factor, unit.name);
    left %= factor;
  }
  return text;
}

Result<size_t> parse_size(std::string_view text) {
  constexpr std::string_view kAccepted = "64KB, 4MB, 1GB, or a number of bytes";
  Scanner in(text);
  std::optional<Decimal> number = scan_decimal(in);
  if (!number) return not_a("size", text, kAccepted);
  std::optional<int64_t> factor = size_factor(in.letters());
  if (!factor || !in.at_end()) return not_a("size", text, kAccepted);
  std::optional<int64_t> bytes = scale_decimal(*number, 0, *factor);
  if (!bytes) return not_a("size", text, kAccepted);
  return static_cast<size_t>(*bytes);
}

}  // namespace ctk
