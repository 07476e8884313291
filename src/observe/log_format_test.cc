#include "observe/log_format.h"

#include <gmock/gmock.h>

#include <array>

#include "json/reader.h"

namespace ctk::observe {
namespace {

const Timestamp kTime = from_micros(1'795'318'375'742'001);  // 2026-11-22T03:32:55.742001Z

TEST(FormatEvent, LogfmtQuotesOnlyWhatNeedsIt) {
  const std::array fields = {LogField("table", "testdrive.demo"), LogField("rows", 12), LogField("reason", "a \"b\"\nc"),
                             LogField("empty", "")};
  EXPECT_EQ(format_event(LogFormat::logfmt, false, kTime, LogLevel::info, "table created", fields),
            "time=2026-11-22T03:32:55.742001Z level=info msg=\"table created\" table=testdrive.demo rows=12 "
            "reason=\"a \\\"b\\\"\\nc\" empty=\"\"");
}

TEST(FormatEvent, KeysOfLogfmtStayOneWord) {
  const std::array fields = {LogField("a key=\"x\"", 1)};
  EXPECT_EQ(format_event(LogFormat::logfmt, false, kTime, LogLevel::debug, "m", fields),
            "time=2026-11-22T03:32:55.742001Z level=debug msg=m a_key__x_=1");
}

TEST(FormatEvent, ColorMarksTheLevelOnly) {
  EXPECT_EQ(format_event(LogFormat::logfmt, true, kTime, LogLevel::error, "m", {}),
            "time=2026-11-22T03:32:55.742001Z \x1b[31mlevel=error\x1b[0m msg=m");
}

TEST(FormatEvent, JsonIsOneObjectOnOneLine) {
  const std::array fields = {LogField("time", "other"), LogField("text", "line\nbreak \x01")};
  const std::string line = format_event(LogFormat::json, true, kTime, LogLevel::warn, "it \"waits\"", fields);
  EXPECT_THAT(line, testing::Not(testing::HasSubstr("\n")));
  json::Parser parser;
  const auto parsed = parser.parse(line);
  ASSERT_TRUE(parsed) << line;
  EXPECT_EQ(json::string_member(*parsed, "time"), "2026-11-22T03:32:55.742001Z");
  EXPECT_EQ(json::string_member(*parsed, "level"), "warn");
  EXPECT_EQ(json::string_member(*parsed, "msg"), "it \"waits\"");
  EXPECT_EQ(json::string_member(*parsed, "time_"), "other");
  EXPECT_EQ(json::string_member(*parsed, "text"), "line\nbreak \x01");
}

TEST(FormatEvent, NothingThatATerminalObeys) {
  const std::array fields = {LogField("v", "\x1b[5m\u009b\u202e\x7f")};
  EXPECT_THAT(format_event(LogFormat::logfmt, false, kTime, LogLevel::info, "\u009b", fields),
              testing::EndsWith(R"(msg="\u009b" v="\u001b[5m\u009b\u202e\u007f")"));
  EXPECT_THAT(format_event(LogFormat::json, false, kTime, LogLevel::info, "\u00e9\u20ac", fields),
              testing::EndsWith("\"msg\":\"\u00e9\u20ac\",\"v\":\"\\u001b[5m\\u009b\\u202e\\u007f\"}"));
}

TEST(Redactor, HidesEverySecretItWasGiven) {
  const Redactor redactor({Secret("hunter2hunter2"), Secret("hunter2hunter2-and-more")});
  EXPECT_EQ(redactor.redact("a hunter2hunter2 b hunter2hunter2-and-more"), "a *** b ***");
}

TEST(Redactor, HidesThemInQuotesToo) {
  const std::string secret = "hunter\"2\\\x1b\x7f";
  const Redactor redactor({Secret(secret)});
  for (const LogFormat format : {LogFormat::logfmt, LogFormat::json}) {
    const std::array fields = {LogField("error", "the path u:" + secret + "@h")};
    const std::string line = redactor.redact(format_event(format, false, kTime, LogLevel::info, "m", fields));
    EXPECT_THAT(line, testing::HasSubstr("\"the path u:***@h\""));
  }
}

TEST(Redactor, CopiesKnowWhatOneLearns) {
  const Redactor redactor({Secret("hunter2hunter2")});
  Redactor copy = redactor;
  copy.learn({Secret("hunter2hunter2-and-more"), Secret("hunter2hunter2"), Secret("short")});
  EXPECT_EQ(redactor.redact("a hunter2hunter2 b hunter2hunter2-and-more short"), "a *** b *** short");
}

TEST(Redactor, LeavesPlaceholdersAlone) {
  const Redactor redactor({Secret("s"), Secret("dummy"), Secret("")});
  EXPECT_EQ(redactor.redact("stream is dummy"), "stream is dummy");
}

TEST(Redactor, HidesShortOnesWithWhatStandsBeforeThem) {
  const Redactor redactor({Secret("u:p@"), Secret("PWD=x"), Secret("a="), Secret("@:"), Secret("k:s"), Secret(":")});
  EXPECT_EQ(redactor.redact("mysql:/u:p@h, PWD=x;a=@:b, \"k:s\""), "mysql:/***h, ***;a=@:b, \"***\"");
}

TEST(Redactor, EndsOnASecretOfStars) { EXPECT_EQ(Redactor({Secret("********")}).redact("x********y"), "x***y"); }

}  // namespace
}  // namespace ctk::observe
