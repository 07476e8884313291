#include "verify/difference.h"

#include <gtest/gtest.h>

namespace ctk::verify {
namespace {

using Kind = Difference::Kind;
using std::chrono::seconds;

constexpr Duration kSettle = seconds(60);

Difference found(Kind kind = Kind::different, std::string row = "+1") {
  Difference difference;
  difference.kind = kind;
  difference.key = R"({"pk":{"S":"a"}})";
  difference.row = std::move(row);
  difference.since = seconds(100);
  return difference;
}

Look still(std::string row = "+1") { return {Kind::different, true, {"n"}, std::move(row)}; }

TEST(Difference, IsGoneOnceBothAreEqual) {
  Difference difference = found();
  EXPECT_EQ(judge(difference, {std::nullopt, true, {}, "+1"}, seconds(101), kSettle), Verdict::settled);
}

TEST(Difference, StandsOnceItHasOutlivedSettle) {
  Difference difference = found();
  EXPECT_EQ(judge(difference, still(), seconds(159), kSettle), Verdict::again);
  EXPECT_EQ(judge(difference, still(), seconds(160), kSettle), Verdict::stands);
  EXPECT_EQ(difference.paths, std::vector<std::string>{"n"});
  Difference at_once = found();
  EXPECT_EQ(judge(at_once, still(), seconds(100), Duration::zero()), Verdict::stands);
}

TEST(Difference, BeginsAgainWhereTheRowHasMoved) {
  Difference difference = found();
  EXPECT_EQ(judge(difference, still("+2"), seconds(200), kSettle), Verdict::again);
  EXPECT_EQ(difference.since, seconds(200));
  EXPECT_EQ(judge(difference, still("+2"), seconds(259), kSettle), Verdict::again);
  EXPECT_EQ(judge(difference, still("+2"), seconds(260), kSettle), Verdict::stands);
}

TEST(Difference, OfAnExtraRowBeginsWithItsFirstReading) {
  Difference difference = found(Kind::extra, std::string(kUnreadRow));
  EXPECT_EQ(judge(difference, {Kind::extra, false, {}, "+7"}, seconds(104), kSettle), Verdict::again);
  EXPECT_EQ(difference.since, seconds(100));
  EXPECT_EQ(judge(difference, {Kind::extra, false, {}, "+7"}, seconds(160), kSettle), Verdict::stands);
}

TEST(Difference, OfARowThatNeverRestsIsNone) {
  Difference difference = found();
  Duration now = seconds(100);
  for (int moves = 0; moves < kMostMoves; ++moves) {
    now += seconds(90);
    ASSERT_EQ(judge(difference, still("+v" + std::to_string(moves)), now, kSettle), Verdict::again);
  }
  EXPECT_EQ(judge(difference, still("+last"), now + seconds(90), kSettle), Verdict::settled);
}

TEST(Difference, ChangesItsKindWithItsSides) {
  Difference difference = found(Kind::missing, "");
  EXPECT_EQ(judge(difference, still("-2"), seconds(110), kSettle), Verdict::again);
  EXPECT_EQ(difference.kind, Kind::different);
}

TEST(Difference, IsLookedAtThreeTimes) {
  Difference difference = found();
  Duration now = difference.since;
  int looks = 0;
  for (Verdict verdict = Verdict::again; verdict == Verdict::again; ++looks) {
    EXPECT_GT(due_at(difference, kSettle), now);
    now = due_at(difference, kSettle);
    verdict = judge(difference, still(), now, kSettle);
  }
  EXPECT_EQ(looks, kMostLooks);
  EXPECT_EQ(now, seconds(160));
}

TEST(Difference, AsText) {
  Difference difference = found();
  difference.paths = {"a[1]", R"("x.y")"};
  EXPECT_EQ(to_json(difference), R"({"key":{"pk":{"S":"a"}},"difference":"different","paths":["a[1]","\"x.y\""]})");
  EXPECT_EQ(to_json(found(Kind::extra)), R"({"key":{"pk":{"S":"a"}},"difference":"extra","paths":[]})");
  Difference foreign = found(Kind::extra);
  foreign.key = "{\"pk\":{\"S\":\"\xff\"}}";
  EXPECT_EQ(to_json(foreign), "{\"key\":{\"pk\":{\"S\":\"\xef\xbf\xbd\"}},\"difference\":\"extra\",\"paths\":[]}");
}

TEST(RowState, TellsWritesApart) {
  const sink::HeldRow row{"{}", std::nullopt, "v1", false};
  const KeyHash hash({1, 2});
  EXPECT_EQ(row_state(std::nullopt, hash), "");
  EXPECT_EQ(row_state(row, hash), "+v1");
  EXPECT_EQ(row_state(sink::HeldRow{std::nullopt, std::nullopt, "v1", true}, hash), "-v1");
  const sink::HeldRow taken_over{"{}", std::nullopt, "", false}, other{"{\"a\":1}", std::nullopt, "", false};
  EXPECT_NE(row_state(taken_over, hash), row_state(other, hash));
  EXPECT_EQ(row_state(taken_over, hash), row_state(taken_over, hash));
}

}  // namespace
}  // namespace ctk::verify
