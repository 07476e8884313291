#include "relay/outage.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ctk::relay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Error kReset{ErrorKind::unreachable, "GetRecords had no answer", "connection reset", ""};
const Error kDenied{ErrorKind::denied, "the right to do this is missing", "", ""};

TEST(Outage, WhatIsOverSoonIsNotSaid) {
  Outage outage;
  for (int i = 0; i < 100; ++i) {
    const Duration now = seconds(10) * i;
    EXPECT_FALSE(outage.failed("reading shard 1", kReset, now));
    EXPECT_FALSE(outage.failed("reading shard 1", kReset, now + milliseconds(1900)));
    EXPECT_EQ(outage.summary(Side::source, now + milliseconds(1900)), "");
    EXPECT_FALSE(outage.worked("reading shard 1"));
  }
}

TEST(Outage, WhatLastsIsOneLineAMinuteAndOneAtItsEnd) {
  Outage outage;
  int lines = 0;
  for (int second = 0; second <= 120; ++second) {
    for (const char* part : {"reading shard 1", "reading shard 2", "listing the shards"})
      lines += outage.failed(part, kReset, seconds(second)) ? 1 : 0;
  }
  EXPECT_EQ(lines, 2);
  EXPECT_EQ(outage.parts(), 3u);
  EXPECT_EQ(outage.lasts(seconds(120)), seconds(120));
  EXPECT_EQ(outage.summary(Side::source, seconds(120)), "source unreachable for 120 s");
  EXPECT_FALSE(outage.worked("reading shard 1"));
  EXPECT_FALSE(outage.worked("listing the shards"));
  EXPECT_TRUE(outage.worked("reading shard 2"));
  EXPECT_FALSE(outage.worked("reading shard 2"));
  EXPECT_EQ(outage.error(), nullptr);
}

TEST(Outage, ASideThatComesAndGoesIsStillOneLineAMinute) {
  Outage outage;
  int lines = 0;
  for (int second = 0; second < 60; ++second) {
    lines += outage.failed("writing", kReset, seconds(second)) ? 1 : 0;
    if (second % 5 == 4) outage.worked();
  }
  EXPECT_EQ(lines, 1);
}

TEST(Outage, WhatAnotherTryAloneDoesNotMendIsSaidAtOnce) {
  Outage outage;
  EXPECT_TRUE(outage.failed("reading shard 1", kDenied, seconds(5)));
  EXPECT_EQ(outage.summary(Side::source, seconds(5)), "source denies access for 0 s");
}

/// A full disk asks nobody for fewer calls.
TEST(Outage, WhatATargetLacksIsNotCalledAThrottle) {
  Outage outage;
  outage.failed("writing", {ErrorKind::throttled, "the disk is full", "", ""}, seconds(5));
  EXPECT_EQ(outage.summary(Side::target, seconds(9)), "target short of resources for 4 s");
  EXPECT_EQ(outage.summary(Side::source, seconds(9)), "source throttled for 4 s");
}

TEST(Outage, APartThatWorksDoesNotHideOneThatDoesNot) {
  Outage outage;
  outage.failed("reading shard 1", kDenied, seconds(0));
  outage.failed("reading shard 2", kReset, seconds(4));
  outage.worked("reading shard 2");
  EXPECT_EQ(outage.failing_for("reading shard 1", seconds(9)), seconds(9));
  EXPECT_EQ(outage.failing_for("reading shard 2", seconds(9)), Duration{});
  ASSERT_NE(outage.error(), nullptr);
  EXPECT_EQ(outage.error()->kind, ErrorKind::denied);
}

class Lines final : public Log {
 public:
  bool enabled(LogLevel) const override { return true; }
  void write(LogLevel, std::string_view message, std::span<const LogField>) override { lines.emplace_back(message); }
  std::vector<std::string> lines;
};

TEST(Outages, EachSideHasItsOwn) {
  Lines log;
  Outages outages(log);
  EXPECT_FALSE(outages.failed(Side::source, "reading shard 1", kDenied, seconds(1)));
  EXPECT_FALSE(outages.of(Side::target).any());
  outages.worked(Side::target);
  EXPECT_TRUE(outages.of(Side::source).any());
  outages.worked(Side::source, "reading shard 1");
  EXPECT_EQ(log.lines, (std::vector<std::string>{"reading shard 1 failed, waiting it out", "the source works again"}));
}

TEST(Outages, OnlyARunThatIsBoundedGivesUp) {
  Lines log;
  Outages outages(log);
  outages.failed(Side::target, "writing", kReset, seconds(0));
  EXPECT_FALSE(outages.failed(Side::target, "writing", kReset, seconds(99999)));
  outages.worked(Side::target);
  outages.give_up_after(seconds(60));
  EXPECT_FALSE(outages.failed(Side::target, "writing", kReset, seconds(100)));
  EXPECT_FALSE(outages.failed(Side::target, "writing", kReset, seconds(160)));
  EXPECT_TRUE(outages.failed(Side::target, "writing", kReset, seconds(161)));
}

}  // namespace
}  // namespace ctk::relay
