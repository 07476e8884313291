#include "check/judge_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctk::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using enum Verdict;

constexpr uint64_t kGigabyte = 1ull << 30;

std::vector<std::string> judged(const Result<sink::TargetSight>& sight, std::optional<uint64_t> bytes = std::nullopt) {
  std::vector<std::string> found;
  for (const Finding& each : judge_target(sight, "sqlite:///x.db", bytes)) {
    const char* verdict = each.verdict == ok ? "ok" : each.verdict == warn ? "warn" : "fail";
    found.push_back(std::string(verdict) + " " + each.check);
  }
  return found;
}

sink::TargetSight well() {
  sink::TargetSight sight;
  sight.server = "SQLite 3.40.1";
  sight.writable = "may be written";
  sight.rights = Result<std::string>("all");
  sight.table = Result<sink::TableFit>(sink::TableFit::absent);
  sight.free_bytes = 3 * kGigabyte;
  return sight;
}

TEST(JudgeTarget, AllIsWell) {
  EXPECT_THAT(judged(well()),
              ElementsAre("ok target", "ok target writes", "ok target rights", "ok target table", "ok target room"));
  sink::TargetSight silent = well();
  silent.rights.reset();
  silent.table.reset();
  silent.free_bytes.reset();
  EXPECT_THAT(judged(silent), ElementsAre("ok target", "ok target writes", "ok target table", "ok target room"));
}

TEST(JudgeTarget, OneThatCannotBeReachedIsAllThereIsToSay) {
  const auto findings =
      judge_target(std::unexpected(Error{ErrorKind::unreachable, "no answer", "refused", "start it"}), "x", std::nullopt);
  EXPECT_THAT(findings, ElementsAre(Finding{fail, "target", "no answer: refused", "start it"}));
  const Error unhinted{ErrorKind::unreachable, "no answer", "", ""};
  EXPECT_THAT(judge_target(std::unexpected(unhinted), "x", std::nullopt).at(0).hint, HasSubstr("start the server"));
}

TEST(JudgeTarget, EachFailureHasItsLine) {
  const Error error{ErrorKind::denied, "no", "", "GRANT it"};
  sink::TargetSight sight = well();
  sight.writable = std::unexpected(error);
  sight.rights = Result<std::string>(std::unexpected(error));
  sight.table = Result<sink::TableFit>(std::unexpected(error));
  sight.free_bytes = 1000;
  EXPECT_THAT(judged(sight), ElementsAre("ok target", "fail target writes", "fail target rights", "fail target table",
                                         "fail target room"));
}

TEST(JudgeTarget, ATableHasToFitTwice) {
  EXPECT_EQ(judged(well(), kGigabyte).back(), "ok target room");
  EXPECT_EQ(judged(well(), 2 * kGigabyte).back(), "warn target room");
}

}  // namespace
}  // namespace ctk::check
