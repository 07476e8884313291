#include "replay/table_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "dynamodb/decode.h"
#include "dynamodb/order.h"

namespace ctk::replay {
namespace {

using coordination::LoadState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Kind = sink::ChangeOutcome::Kind;

constexpr const char* kA = R"({"pk":{"S":"a"}})";
constexpr const char* kB = R"({"pk":{"S":"b"}})";

std::string order(int number) {
  return dynamodb::order_text(dynamodb::VersionKind::streams, kNoTime, std::to_string(number), 0);
}

/// The letter of a change with this number, in that epoch; its id is "E.N".
Letter letter_of(const std::string& key, int number, coordination::Epoch epoch = 1) {
  sink::DeadLetter stored;
  stored.id = std::to_string(epoch) + "." + std::to_string(number);
  stored.key = key;
  stored.version = table::version_text(epoch, order(number));
  stored.kind = "refused";
  stored.reason = "as before";
  stored.change = R"({"eventName":"REMOVE","dynamodb":{"ApproximateCreationDateTime":1700000000,"Keys":)" + key +
                  R"(,"SequenceNumber":")" + std::to_string(number) + R"("}})";
  dynamodb::Decoder decoder;
  return std::get<Letter>(read_letter(std::move(stored), decoder, false));
}

coordination::TableRecord record_of(coordination::Epoch epoch = 1, LoadState load = LoadState::none) {
  coordination::TableRecord record;
  record.table = "demo";
  record.epoch = epoch;
  record.load = load;
  return record;
}

class Replayed : public testing::Test {
 protected:
  void begin(std::vector<Letter> letters, const sink::RowVersions& rows = {},
             coordination::TableRecord record = record_of(), TableReplay::Keeps keeps = TableReplay::Keeps::newest) {
    replay.emplace(record, std::move(letters), keeps);
    replay->note_versions(rows);
    batch = replay->next(renderer);
  }

  /// The changes that the batch would write, by their letters' versions.
  std::vector<std::string> written() const {
    std::vector<std::string> versions;
    for (const sink::TableWrites& writes : batch.tables) {
      for (const sink::FoldedChange& each : writes.changes) {
        versions.push_back(table::version_text(writes.version_epoch(), each.changes[0]->order));
      }
    }
    return versions;
  }

  /// The target refuses the change at this place of the first table.
  void refuse(size_t place, const std::string& reason) {
    sink::BatchOutcome outcome;
    outcome.refused = {{batch.tables.at(0).changes.at(place).changes[0], reason}};
    EXPECT_FALSE(replay->take(outcome));
    batch = replay->next(renderer);
  }

  Totals accept(Kind kind = Kind::applied) {
    sink::BatchOutcome outcome;
    for (const sink::TableWrites& writes : batch.tables) {
      outcome.tables.emplace_back(writes.changes.size(), sink::ChangeOutcome{kind, 0, false});
    }
    EXPECT_TRUE(replay->take(outcome));
    return replay->totals();
  }

  table::Renderer renderer{*table::make_spec(table::Target::sqlite, {"", "demo"}, "t", {{{"pk", dynamodb::Type::S}}}, {})};
  std::optional<TableReplay> replay;
  sink::Batch batch;
};

TEST_F(Replayed, IsWrittenAndItsLetterGoes) {
  begin({letter_of(kA, 1), letter_of(kB, 2)});
  EXPECT_THAT(replay->keys(), ElementsAre(kA, kB));
  EXPECT_TRUE(batch.stop_on_refusal);
  EXPECT_THAT(written(), ElementsAre(table::version_text(1, order(1)), table::version_text(1, order(2))));
  EXPECT_THAT(batch.settled, UnorderedElementsAre("1.1", "1.2"));
  EXPECT_THAT(batch.dead_letters, IsEmpty());
  EXPECT_EQ(accept(), (Totals{2, 0, 0}));
}

TEST_F(Replayed, IsStaleWhereItsRowIsAsNew) {
  begin({letter_of(kA, 1), letter_of(kB, 2)},
        {{kA, table::version_text(1, order(1))}, {kB, table::version_text(1, order(1))}});
  EXPECT_THAT(written(), ElementsAre(table::version_text(1, order(2))));
  EXPECT_THAT(batch.settled, UnorderedElementsAre("1.1", "1.2"));
  EXPECT_EQ(accept(), (Totals{1, 1, 0}));
}

TEST_F(Replayed, ARowWithoutAVersionIsOlder) {
  begin({letter_of(kA, 1)}, {{kA, ""}});
  EXPECT_EQ(written().size(), 1u);
  EXPECT_EQ(accept(), (Totals{1, 0, 0}));
}

TEST_F(Replayed, OnlyTheNewestOfAKeyIsWritten) {
  begin({letter_of(kA, 1), letter_of(kA, 3), letter_of(kA, 2)});
  EXPECT_THAT(written(), ElementsAre(table::version_text(1, order(3))));
  EXPECT_THAT(batch.settled, UnorderedElementsAre("1.1", "1.2", "1.3"));
  EXPECT_EQ(accept(), (Totals{3, 0, 0}));
}

TEST_F(Replayed, ARefusedOneStaysAndTheNextLowerIsTried) {
  begin({letter_of(kA, 1), letter_of(kA, 2), letter_of(kA, 3)}, {{kA, table::version_text(1, order(1))}});
  refuse(0, "no room");
  EXPECT_THAT(written(), ElementsAre(table::version_text(1, order(2))));
  EXPECT_THAT(batch.settled, UnorderedElementsAre("1.1", "1.2"));
  ASSERT_EQ(batch.dead_letters.size(), 1u);
  EXPECT_EQ(batch.dead_letters[0].id, "1.3");
  EXPECT_EQ(batch.dead_letters[0].reason, "no room");
  EXPECT_EQ(accept(), (Totals{1, 1, 1}));
}

TEST_F(Replayed, WhatIsRefusedForTheSameReasonIsNotTouched) {
  begin({letter_of(kA, 1), letter_of(kB, 2)});
  refuse(1, "as before");
  EXPECT_THAT(batch.dead_letters, IsEmpty());
  EXPECT_THAT(batch.settled, ElementsAre("1.1"));
  refuse(0, "as before");
  EXPECT_THAT(batch.settled, IsEmpty());
  EXPECT_THAT(batch.tables, IsEmpty());
  EXPECT_EQ(accept(), (Totals{0, 0, 2}));
}

TEST_F(Replayed, WhatTurnsOutStaleIsCountedSo) {
  begin({letter_of(kA, 1), letter_of(kA, 2)});
  EXPECT_EQ(accept(Kind::stale), (Totals{0, 2, 0}));
}

TEST_F(Replayed, EachEpochIsWrittenAsItself) {
  begin({letter_of(kA, 9, 1), letter_of(kB, 1, 2)}, {}, record_of(2));
  EXPECT_THAT(written(), UnorderedElementsAre(table::version_text(1, order(9)), table::version_text(2, order(1))));
  for (const sink::TableWrites& writes : batch.tables) EXPECT_EQ(writes.epoch, 2) << "which is the table's";
  EXPECT_EQ(accept(), (Totals{2, 0, 0}));
}

TEST_F(Replayed, WhatLiesBeforeACompleteLoadIsStale) {
  for (const LoadState load : {LoadState::loaded, LoadState::complete}) {
    begin({letter_of(kA, 9, 1), letter_of(kA, 1, 2)}, {}, record_of(2, load));
    EXPECT_THAT(written(), ElementsAre(table::version_text(2, order(1))));
    EXPECT_EQ(accept(), (Totals{1, 1, 0}));
  }
  begin({letter_of(kA, 9, 1)}, {}, record_of(2, LoadState::running));
  EXPECT_EQ(written().size(), 1u) << "its end sweeps what it has not seen";
}

TEST(TotalsOf, AreALineOrAnObject) {
  Totals totals{1, 2, 3};
  totals += {10, 20, 30};
  EXPECT_EQ(totals_text(totals), "replayed 11, stale 22, refused 33\n");
  EXPECT_EQ(totals_json(totals), "{\"replayed\":11,\"stale\":22,\"refused\":33}\n");
}

/// The numbers of the changes that are written together, by the batch's tables.
std::vector<std::vector<std::string>> all_written(const sink::Batch& batch) {
  std::vector<std::vector<std::string>> versions;
  for (const sink::TableWrites& writes : batch.tables) {
    for (const sink::FoldedChange& each : writes.changes) {
      std::vector<std::string>& together = versions.emplace_back();
      for (const auto& change : each.changes) {
        together.push_back(table::version_text(writes.version_epoch(), change->order));
      }
    }
  }
  return versions;
}

std::string version_of(int number, coordination::Epoch epoch = 1) { return table::version_text(epoch, order(number)); }

class ReplayedWithHistory : public Replayed {
 protected:
  void begin_each(std::vector<Letter> letters, const sink::RowVersions& rows = {},
                  coordination::TableRecord record = record_of()) {
    begin(std::move(letters), rows, std::move(record), TableReplay::Keeps::each);
  }
};

TEST_F(ReplayedWithHistory, StaleOnesAndThoseBelowAreWrittenToo) {
  begin_each({letter_of(kA, 1), letter_of(kA, 3), letter_of(kA, 7), letter_of(kB, 2)},
             {{kA, version_of(5)}, {kB, version_of(9)}});
  EXPECT_THAT(all_written(batch),
              ElementsAre(ElementsAre(version_of(7), version_of(3), version_of(1)), ElementsAre(version_of(2))));
  EXPECT_THAT(batch.settled, UnorderedElementsAre("1.1", "1.3", "1.7", "1.2"));
  EXPECT_EQ(accept(), (Totals{1, 3, 0}));
}

TEST_F(ReplayedWithHistory, EachIsRefusedByItself) {
  begin_each({letter_of(kA, 1), letter_of(kA, 3), letter_of(kA, 7)}, {{kA, version_of(5)}});
  sink::BatchOutcome outcome;
  outcome.refused = {{batch.tables.at(0).changes.at(0).changes[1], "not that"}};
  EXPECT_FALSE(replay->take(outcome));
  batch = replay->next(renderer);
  EXPECT_THAT(all_written(batch), ElementsAre(ElementsAre(version_of(7), version_of(1))));
  EXPECT_THAT(batch.settled, UnorderedElementsAre("1.1", "1.7"));
  ASSERT_EQ(batch.dead_letters.size(), 1u);
  EXPECT_EQ(batch.dead_letters[0].id, "1.3");
  EXPECT_EQ(accept(), (Totals{1, 1, 1}));
}

TEST_F(ReplayedWithHistory, EpochsAreWrittenApartAndALoadsAbsenceHolds) {
  begin_each({letter_of(kA, 1), letter_of(kA, 3, 2), letter_of(kB, 2)}, {{kA, version_of(2, 2)}},
             record_of(2, LoadState::complete));
  // `b` has no row, and a complete load has not found it.
  EXPECT_THAT(all_written(batch), UnorderedElementsAre(ElementsAre(version_of(3, 2)), ElementsAre(version_of(1))));
  EXPECT_THAT(batch.settled, UnorderedElementsAre("1.1", "2.3", "1.2"));
  EXPECT_EQ(accept(), (Totals{1, 2, 0}));
}

}  // namespace
}  // namespace ctk::replay
