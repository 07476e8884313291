#include "base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace ctk {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

int64_t micros_of(std::string_view text) {
  Result<Timestamp> time = parse_timestamp(text);
  EXPECT_TRUE(time) << text;
  return time ? to_micros(*time) : -1;
}

TEST(Timestamps, FormatsSixDigits) {
  EXPECT_EQ(format_iso8601(from_micros(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_iso8601(from_micros(1'735'689'600'000'001)), "2025-01-01T00:00:00.000001Z");
  EXPECT_EQ(format_iso8601(from_micros(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(Timestamps, FormatsWhatHasNoFourDigitYearAsMicroseconds) {
  EXPECT_EQ(format_iso8601(kNoTime), "-9223372036854775808");
}

TEST(Timestamps, ReadsCalendarForms) {
  constexpr int64_t kMidnight = 1'735'689'600'000'000;
  EXPECT_EQ(micros_of("2025-01-01"), kMidnight);
  EXPECT_EQ(micros_of("2025-01-01T00:00"), kMidnight);
  EXPECT_EQ(micros_of("2025-01-01 00:00:00Z"), kMidnight);
  EXPECT_EQ(micros_of("2025-01-01T02:00:00+02:00"), kMidnight);
  EXPECT_EQ(micros_of("2024-12-31T19:30:00-0430"), kMidnight);
  EXPECT_EQ(micros_of("2025-01-01T01:00:00+01"), kMidnight);
  EXPECT_EQ(micros_of("2025-01-01T00:00:00.5"), kMidnight + 500'000);
  EXPECT_EQ(micros_of("2025-01-01T00:00:00,123456789Z"), kMidnight + 123'456);
}

TEST(Timestamps, TellsEpochUnitsByMagnitude) {
  constexpr int64_t kMidnight = 1'735'689'600'000'000;
  EXPECT_EQ(micros_of("1735689600"), kMidnight);
  EXPECT_EQ(micros_of("1735689600.25"), kMidnight + 250'000);
  EXPECT_EQ(micros_of("1735689600000"), kMidnight);
  EXPECT_EQ(micros_of("1735689600000.5"), kMidnight + 500);
  EXPECT_EQ(micros_of("1735689600000001"), kMidnight + 1);
  EXPECT_EQ(micros_of("1.7356896E9"), kMidnight);
  EXPECT_EQ(micros_of("1735689600123456e-3"), kMidnight + 123'456);
  EXPECT_EQ(micros_of("0"), 0);
  EXPECT_EQ(micros_of("-1"), -1'000'000);
}

TEST(Timestamps, RefusesWhatIsNeither) {
  for (const char* text : {"", "yesterday", "2025-13-01", "2025-02-30", "2025-01-01T24:00", "2025-01-01T00:00:00+", "1e",
                           "--1", "2025-01-01T00:00:00.", "2025-01-01x", "1 ", "1e99", "99999999999999999999999", "."}) {
    Result<Timestamp> time = parse_timestamp(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().kind, ErrorKind::usage);
  }
}

RC_GTEST_PROP(Timestamps, ComeBackFromTheirText, ()) {
  Timestamp time = from_micros(*rc::gen::inRange<int64_t>(-62'167'219'200'000'000, 253'402'300'800'000'000));
  RC_ASSERT(parse_timestamp(format_iso8601(time)).value() == time);
}

TEST(Durations, ReadsUnits) {
  EXPECT_EQ(parse_duration("250ms").value(), milliseconds(250));
  EXPECT_EQ(parse_duration("5s").value(), seconds(5));
  EXPECT_EQ(parse_duration("15m").value(), minutes(15));
  EXPECT_EQ(parse_duration("2h").value(), hours(2));
  EXPECT_EQ(parse_duration("7d").value(), hours(168));
  EXPECT_EQ(parse_duration("1h30m").value(), minutes(90));
  EXPECT_EQ(parse_duration("12").value(), seconds(12));
  EXPECT_EQ(parse_duration("0.25").value(), milliseconds(250));
  EXPECT_EQ(parse_duration("1.5s").value(), milliseconds(1500));
}

TEST(Durations, RefusesTheRest) {
  for (const char* text : {"", "s", "5 s", "-5s", "5x", "1h30", "1.s", "999999999999d", "5S"}) {
    Result<Duration> duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().kind, ErrorKind::usage);
  }
}

TEST(Durations, FormatsTheShortestExactSpelling) {
  EXPECT_EQ(format_duration(minutes(15)), "15m");
  EXPECT_EQ(format_duration(milliseconds(250)), "250ms");
  EXPECT_EQ(format_duration(minutes(90)), "1h30m");
  EXPECT_EQ(format_duration(hours(168)), "7d");
  EXPECT_EQ(format_duration(Duration(0)), "0s");
  EXPECT_EQ(format_duration(-seconds(61)), "-1m1s");
}

RC_GTEST_PROP(Durations, ComeBackFromTheirText, ()) {
  Duration duration(*rc::gen::inRange<int64_t>(0, 1'000'000'000'000'000));
  RC_ASSERT(parse_duration(format_duration(duration)).value() == duration);
}

TEST(Sizes, ArePowersOf1024) {
  EXPECT_EQ(parse_size("17").value(), 17u);
  EXPECT_EQ(parse_size("64KB").value(), 65'536u);
  EXPECT_EQ(parse_size("4MB").value(), 4u << 20);
  EXPECT_EQ(parse_size("1GB").value(), 1u << 30);
  EXPECT_EQ(parse_size("4m").value(), 4u << 20);
  EXPECT_EQ(parse_size("4MiB").value(), 4u << 20);
  EXPECT_EQ(parse_size("1.5KB").value(), 1536u);
}

TEST(Sizes, RefusesTheRest) {
  for (const char* text : {"", "KB", "-1", "4 MB", "4XB", "4MBB", "99999999999GB"}) {
    Result<size_t> size = parse_size(text);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ(size.error().kind, ErrorKind::usage);
  }
}

TEST(SystemClock, Advances) {
  SystemClock clock;
  Duration first = clock.monotonic();
  EXPECT_GT(clock.now(), from_micros(1'700'000'000'000'000));
  EXPECT_GE(clock.monotonic(), first);
}

}  // namespace
}  // namespace ctk
