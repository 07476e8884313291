#include "sink/candidates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sink/conformance_test.h"

namespace ctk::sink {
namespace {

using Kind = ChangeOutcome::Kind;
using ::testing::ElementsAre;
using ::testing::Field;

constexpr coordination::Epoch kEpoch = 7;

/// Versions 3, 2 and 1 of one item.
FoldedChange three_versions() {
  FoldedChange folded;
  for (const uint64_t version : {3, 2, 1}) {
    folded.changes.push_back(testing::put(version, testing::text_key("a"), "{}"));
  }
  return folded;
}

std::vector<DeadLetter> letters_of(const Candidates& candidates) {
  Batch batch;
  batch.relay = coordination::RelayName("relay");
  std::vector<DeadLetter> letters;
  candidates.append_dead_letters(letters, batch, "source", kNoTime);
  return letters;
}

TEST(Candidates, TheHighestIsTriedFirst) {
  const FoldedChange folded = three_versions();
  const Candidates candidates(folded, kEpoch);
  EXPECT_EQ(&candidates.current(), folded.changes[0].get());
  EXPECT_FALSE(candidates.refused());
  EXPECT_EQ(candidates.outcome().kind, Kind::applied);
  EXPECT_EQ(candidates.outcome(true).kind, Kind::stale);
  EXPECT_TRUE(letters_of(candidates).empty());
}

TEST(Candidates, ForOneThatIsParkedTheNextLowerIsTried) {
  const FoldedChange folded = three_versions();
  Candidates candidates(folded, kEpoch);
  candidates.park("too large", false);
  EXPECT_EQ(&candidates.current(), folded.changes[1].get());
  EXPECT_EQ(candidates.outcome().kind, Kind::applied);
  EXPECT_EQ(candidates.outcome().parked, 1);
  EXPECT_FALSE(candidates.outcome().key_refused);
}

TEST(Candidates, WhereAllAreParkedNothingIsWritten) {
  const FoldedChange folded = three_versions();
  Candidates candidates(folded, kEpoch);
  for (const bool because_of_key : {false, true, false}) candidates.park("no", because_of_key);
  EXPECT_TRUE(candidates.exhausted());
  EXPECT_EQ(candidates.outcome().kind, Kind::parked);
  EXPECT_EQ(candidates.outcome(true).kind, Kind::parked);
  EXPECT_EQ(candidates.outcome().parked, 3);
  EXPECT_TRUE(candidates.outcome().key_refused);
}

TEST(Candidates, LettersTellWhichChangeOfWhatTableItWas) {
  const FoldedChange folded = three_versions();
  Candidates candidates(folded, kEpoch);
  candidates.park("too large", false);
  candidates.park("too long", false);
  const std::vector<DeadLetter> letters = letters_of(candidates);
  EXPECT_THAT(letters, ElementsAre(Field(&DeadLetter::reason, "too large"), Field(&DeadLetter::reason, "too long")));
  for (size_t i = 0; i < letters.size(); ++i) {
    const dynamodb::Change& change = *folded.changes[i];
    EXPECT_EQ(letters[i].relay, "relay");
    EXPECT_EQ(letters[i].source_table, "source");
    EXPECT_EQ(letters[i].shard, "shard-0");
    EXPECT_EQ(letters[i].position, std::to_string(3 - i));
    EXPECT_EQ(letters[i].key, change.key);
    EXPECT_EQ(letters[i].version, table::version_text(kEpoch, change.order));
    EXPECT_EQ(letters[i].kind, "refused");
  }
}

TEST(Candidates, TheHighestIsWhatWasRefused) {
  const FoldedChange folded = three_versions();
  Candidates candidates(folded, kEpoch);
  std::vector<RefusedChange> refused;
  candidates.append_refusal(refused);
  EXPECT_TRUE(refused.empty());
  candidates.park("too large", false);
  candidates.park("too long", false);
  candidates.append_refusal(refused);
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].change, folded.changes[0]);
  EXPECT_EQ(refused[0].reason, "too large");
}

}  // namespace
}  // namespace ctk::sink
