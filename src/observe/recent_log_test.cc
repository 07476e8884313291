#include "observe/recent_log.h"

#include <gmock/gmock.h>

#include "base/event_loop.h"

namespace ctk::observe {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class RecentLogTest : public testing::Test {
 protected:
  NullLog quiet_;
  VirtualLoop clock_{from_micros(1'795'000'000'000'000)};
  Redactor redactor_{{Secret("a-long-secret")}};
  RecentLog log_{quiet_, redactor_, clock_};
};

TEST_F(RecentLogTest, KeepsTheLastLinesWithoutSecretsWhateverTheLogTakes) {
  log_.info("opened", {{"url", "sqlite:a-long-secret"}});
  for (int i = 0; i < 150; ++i) log_.warn("line " + std::to_string(i) + ".");
  const auto lines = log_.lines();
  ASSERT_THAT(lines, SizeIs(100));
  EXPECT_THAT(lines.front().text, HasSubstr("line 50."));
  EXPECT_THAT(lines.back().text, HasSubstr("line 149."));
  log_.error("failed", {{"url", "sqlite:a-long-secret"}});
  EXPECT_THAT(log_.lines().back().text, HasSubstr("url=sqlite:***"));
  EXPECT_EQ(log_.lines().back().level, LogLevel::error);
}

TEST_F(RecentLogTest, KeepsNoDebugLines) {
  log_.debug("item", {{"data", "of a customer"}});
  EXPECT_THAT(log_.lines(), SizeIs(0));
}

TEST_F(RecentLogTest, CutsWhatIsTooLong) {
  log_.info(std::string(1'000'000, 'x'));
  EXPECT_EQ(log_.lines().back().text.size(), 2000u);
}

}  // namespace
}  // namespace ctk::observe
