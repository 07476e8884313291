// The cases of the conformance suite: a table that was dropped, emptied or put back to what it was is not taken for whole.
#include "sink/conformance_test.h"

namespace ctk::sink::testing {
namespace {

using coordination::LoadRequest;
using coordination::LoadState;
using coordination::TableFound;
using shards::Position;
using Changes = std::vector<std::shared_ptr<const dynamodb::Change>>;

const Timestamp kCut = from_micros(1'700'000'000'000'000);

Changes some_items(uint64_t version, int count) {
  Changes changes;
  for (int i = 0; i < count; ++i) changes.push_back(put(version, text_key("item-" + std::to_string(i)), "{}"));
  return changes;
}

}  // namespace

void Conformance::fill(int items) {
  const Changes changes = some_items(10, items);
  open(*changes[0]);
  apply(changes);
}

void Conformance::drop_table() {
  // PostgreSQL keeps a table that a view shows, in whatever dialect it is spoken to.
  const std::string drop = "DROP TABLE " + backend->quoted(name("demo"));
  Result<ResultSet> dropped = query(drop);
  const bool shown = !dropped && to_string(dropped.error()).contains("depend on it");
  if (shown) dropped = query(drop + " CASCADE");
  ASSERT_TRUE(dropped) << to_string(dropped.error());
}

void Conformance::change_by_hand(const std::string& statement) {
  backend->refresh(*sink, name("demo"));
  const Result<ResultSet> changed = query(statement);
  ASSERT_TRUE(changed) << to_string(changed.error());
  backend->refresh(*sink, name("demo"));
}

Result<OpenTable> Conformance::open_again(const std::function<void(coordination::TableRegistration&)>& with) {
  // As the next process does.
  sink = backend->make_sink(options);
  const table::TableSpec spec = spec_of("demo", *put(1, text_key("a"), "{}"));
  coordination::TableRegistration registration = registration_of(spec);
  if (with) with(registration);
  return await<OpenTable>([&](auto done) { sink->open(spec, registration, std::move(done)); });
}

namespace {

TEST_P(Conformance, ATableThatWasDroppedIsNotMadeAgainInSilence) {
  fill(3);
  drop_table();
  const Result<OpenTable> again = open_again();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::mismatch) << to_string(again.error());
  EXPECT_NE(again.error().hint.find("ctk load … --reset"), std::string::npos);
  const Result<bool> there = await<bool>([&](auto done) { sink->exists(name("demo"), std::move(done)); });
  EXPECT_EQ(there, false) << "nothing is made";
}

TEST_P(Conformance, ATableThatWasDroppedBeforeItHeldAnythingLivingIsNeither) {
  open(*put(1, text_key("a"), "{}"));
  drop_table();
  EXPECT_EQ(open_again().error().kind, ErrorKind::mismatch);
}

TEST_P(Conformance, ATableThatWasEmptiedIsNotTakenForWhole) {
  fill(3);
  change_by_hand("DELETE FROM " + backend->quoted(name("demo")));
  EXPECT_EQ(open_again().error().kind, ErrorKind::mismatch);
}

/// Databases write such texts in other escapes than they were given in.
TEST_P(Conformance, ATableIsKnownByKeysThatAreEscaped) {
  std::vector<std::string> keys = {text_key("\U0001F600"), text_key("a\U00010000b")};
  if (options.kind == table::Target::cratedb) keys.push_back(text_key("\\u001f"));
  Changes changes;
  for (const std::string& key : keys) changes.push_back(put(changes.size() + 1, key, "{}"));
  open(*changes[0]);
  apply(changes);
  const Result<OpenTable> again = open_again();
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(again->sight, TableFound::as_recorded);
  const auto versions =
      await<RowVersions>([&](auto done) { sink->row_versions(again->record.table, keys, std::move(done)); });
  ASSERT_TRUE(versions) << to_string(versions.error());
  EXPECT_EQ(versions->size(), keys.size());
}

TEST_P(Conformance, AResetForgetsWhatTheTableHeld) {
  fill(3);
  drop_table();
  ASSERT_TRUE(open_again([](auto& registration) { registration.reset = true; }));
  EXPECT_TRUE(open_again()) << "after the reset all is well again";
}

TEST_P(Conformance, ATableFromAnOlderBackupIsNotTakenForWhole) {
  fill(3);
  change_by_hand("UPDATE " + backend->quoted(name("demo")) + " SET cdc_version = '00000001.0'");
  EXPECT_EQ(open_again().error().kind, ErrorKind::mismatch);
}

TEST_P(Conformance, ARowThatAUserDeletesIsHisAffair) {
  fill(3);
  const std::string key = options.kind == table::Target::cratedb ? "pk['pk']" : "pk";
  change_by_hand("DELETE FROM " + backend->quoted(name("demo")) + " WHERE " + key + " = 'item-1'");
  EXPECT_TRUE(open_again());
}

TEST_P(Conformance, WhatChangesKeepsTheTableWhatItIs) {
  fill(3);
  apply(some_items(20, 3));
  apply({removal(30, text_key("item-0")), removal(31, text_key("item-1")), removal(32, text_key("item-2"))});
  const Result<OpenTable> again = open_again();
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(again->sight, TableFound::as_recorded);
}

TEST_P(Conformance, ATableWhoseItemsWereAllDeletedAndSweptIsWhole) {
  fill(3);
  apply({removal(30, text_key("item-0")), removal(31, text_key("item-1")), removal(32, text_key("item-2"))});
  const aws::ShardId shard("s");
  const Timestamp late = kCut + std::chrono::hours(1);
  const coordination::Acquired acquired = acquire(*sink, "worker", {{shard, Position::trim_horizon()}});
  const Position there = Position::after(aws::SequenceNumber("9"));
  ASSERT_TRUE(move_alone(*sink, acquired.fence, {{shard, Position::trim_horizon(), there, late, {}}}));
  for (int i = 0; i < 2; ++i) {  // where nothing is fenced the first notes what the second does
    const Result<SweepOutcome> swept = sweep(Duration{});
    ASSERT_TRUE(swept) << to_string(swept.error());
  }
  EXPECT_EQ(count(backend->quoted(name("demo"))), 0);
  const Result<OpenTable> again = open_again();
  EXPECT_TRUE(again) << to_string(again.error());
}

TEST_P(Conformance, WhatALoadHasNotSeenTellsNothing) {
  fill(3);
  open_loading(kCut, LoadRequest::Kind::again);
  const coordination::Epoch epoch = opened->record.epoch;
  apply(Changes{put(40, text_key("another"), "{}")});
  EXPECT_EQ(swept_by_load(epoch), 3u);
  const Result<OpenTable> again = open_again();
  EXPECT_TRUE(again) << to_string(again.error());
}

TEST_P(Conformance, ATableThatIsGoneIsLoadedAgainWhereALoadIsAskedFor) {
  open_loading(kCut, LoadRequest::Kind::initial);
  apply(some_items(10, 3));
  const coordination::Epoch first = opened->record.epoch;
  ASSERT_TRUE(finish_load(first));
  for (const bool dropped : {true, false}) {
    if (dropped) {
      drop_table();
    } else {
      change_by_hand("DELETE FROM " + backend->quoted(name("demo")));
    }
    const Result<OpenTable> again =
        open_again([](auto& registration) { registration.load = LoadRequest{LoadRequest::Kind::initial, kCut, 0}; });
    ASSERT_TRUE(again) << to_string(again.error());
    EXPECT_EQ(again->sight, dropped ? TableFound::gone : TableFound::emptied);
    EXPECT_EQ(again->record.load, LoadState::running);
    EXPECT_GT(again->record.epoch, first);
    opened = *again;
    apply(some_items(10, 3));
    EXPECT_EQ(rows().size(), 3u);
    ASSERT_TRUE(finish_load(again->record.epoch));
  }
}

TEST_P(Conformance, AFileIsPlayedIntoADroppedTableAsIntoANewOne) {
  const auto as_file = [](coordination::TableRegistration& registration) { registration.relay.reset(); };
  ASSERT_TRUE(open_again(as_file));
  drop_table();
  const Result<OpenTable> again = open_again(as_file);
  ASSERT_TRUE(again) << to_string(again.error());
  opened = *again;
  apply(some_items(10, 2));
  EXPECT_EQ(rows().size(), 2u);
}

TEST_P(Conformance, ARunThatGoesOnIsToldThatItsTableIsGone) {
  const auto as_file = [](coordination::TableRegistration& registration) { registration.relay.reset(); };
  ASSERT_TRUE(open_again(as_file));
  drop_table();
  const Result<OpenTable> again = open_again([&](auto& registration) {
    as_file(registration);
    registration.goes_on = true;
  });
  EXPECT_EQ(again.error().kind, ErrorKind::mismatch);
}

TEST_P(Conformance, ATableThatIsEmptiedMeanwhileIsSeenByTheNextSweep) {
  fill(3);
  change_by_hand("DELETE FROM " + backend->quoted(name("demo")));
  apply(Changes{put(50, text_key("later"), "{}")});
  const Result<SweepOutcome> swept = sweep(Duration::max());
  ASSERT_FALSE(swept) << "what came later does not hide it";
  EXPECT_EQ(swept.error().kind, ErrorKind::mismatch);
}

TEST_P(Conformance, AKeyThatChangesAgainDoesNotHideThatTheTableWasEmptied) {
  fill(8);
  change_by_hand("DELETE FROM " + backend->quoted(name("demo")));
  apply(some_items(50, 4));
  const Result<SweepOutcome> swept = sweep(Duration::max());
  ASSERT_FALSE(swept);
  EXPECT_EQ(swept.error().kind, ErrorKind::mismatch);
  EXPECT_EQ(open_again().error().kind, ErrorKind::mismatch);
}

TEST_P(Conformance, AKeyThatChangesAllTheTimeIsNotTheOnlyOneThatATableIsKnownBy) {
  fill(8);
  for (uint64_t version = 20; version < 23; ++version) {
    apply(Changes{put(version, text_key("counter"), "{}")});
    backend->refresh(*sink, name("demo"));
    ASSERT_TRUE(sweep(Duration::max()));
  }
  EXPECT_EQ(record_of(*sink, "demo")->witnesses.size(), coordination::kMostWitnesses);
  const std::string key = options.kind == table::Target::cratedb ? "pk['pk']" : "pk";
  change_by_hand("DELETE FROM " + backend->quoted(name("demo")) + " WHERE " + key + " = 'counter'");
  EXPECT_TRUE(open_again());
}

TEST_P(Conformance, ALoadOfATableThatIsEmptiedMeanwhileDoesNotEnd) {
  open_loading(kCut, LoadRequest::Kind::initial);
  apply(some_items(10, 3));
  change_by_hand("DELETE FROM " + backend->quoted(name("demo")));
  const Result<LoadEnding> ending = finish_load(opened->record.epoch);
  ASSERT_FALSE(ending);
  EXPECT_EQ(ending.error().kind, ErrorKind::mismatch);
}

TEST_P(Conformance, ARecordOfAnEarlierVersionIsReadAndUpgraded) {
  fill(3);
  for (const char* column : {"since", "witnesses"}) {
    ASSERT_TRUE(query("ALTER TABLE " + backend->quoted(name("ctk_tables")) + " DROP COLUMN " + column));
  }
  sink = backend->make_sink(options);
  ASSERT_TRUE(record_of(*sink, "demo"));
  EXPECT_TRUE(record_of(*sink, "demo")->witnesses.empty());
  const Result<OpenTable> again = open_again();
  ASSERT_TRUE(again) << to_string(again.error());
  opened = *again;
  apply(some_items(20, 3));
  EXPECT_EQ(record_of(*sink, "demo")->witnesses.size(), 3u);
  change_by_hand("DELETE FROM " + backend->quoted(name("demo")));
  EXPECT_EQ(open_again().error().kind, ErrorKind::mismatch);
}

TEST_P(Conformance, WhereNothingMayBeAlteredARecordOfAnEarlierVersionWillDo) {
  fill(3);
  for (const char* column : {"since", "witnesses"}) {
    ASSERT_TRUE(query("ALTER TABLE " + backend->quoted(name("ctk_tables")) + " DROP COLUMN " + column));
  }
  options.tables.create_table = false;
  const Result<OpenTable> again = open_again();
  ASSERT_TRUE(again) << to_string(again.error());
  opened = *again;
  apply(some_items(20, 3));
  EXPECT_EQ(rows().size(), 3u);
  EXPECT_TRUE(sweep(Duration::max()));
}

TEST_P(Conformance, WhereTheRecordIsLostChangesWinOverTheRowsThatAreThere) {
  fill(3);
  open_loading(kCut, LoadRequest::Kind::again);
  apply(some_items(20, 3));
  backend->refresh(*sink, name("ctk_tables"));
  change_by_hand("DELETE FROM " + backend->quoted(name("ctk_tables")) + " WHERE epoch > 0");
  const Result<OpenTable> again = open_again();
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(again->record.epoch, 3u);
  opened = *again;
  apply(Changes{put(5, text_key("item-0"), R"({"v":{"S":"new"}})")});
  EXPECT_TRUE(items().at("item-0").contains("new")) << "not stale for ever";
}

TEST_P(Conformance, ATableThatIsLostWithItsRecordIsNotMadeAgainInSilence) {
  fill(3);
  drop_table();
  backend->refresh(*sink, name("ctk_tables"));
  const Result<ResultSet> forgotten = query("DELETE FROM " + backend->quoted(name("ctk_tables")) + " WHERE epoch > 0");
  ASSERT_TRUE(forgotten) << to_string(forgotten.error());
  const Result<OpenTable> again = open_again([](auto& registration) { registration.goes_on = true; });
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::mismatch) << to_string(again.error());
  EXPECT_NE(again.error().hint.find("ctk load … --reset"), std::string::npos);
  const Result<OpenTable> loaded = open_again([](auto& registration) {
    registration.load = LoadRequest{LoadRequest::Kind::initial, kCut, 0};
    registration.lost_epoch = 4;
  });
  ASSERT_TRUE(loaded) << to_string(loaded.error());
  EXPECT_EQ(loaded->record.epoch, 5u) << "segments of the load before are not this one's";
}

TEST_P(Conformance, ASecondRelayOfATableIsNoStranger) {
  fill(3);
  relay = coordination::RelayName("kinesis:another@test");
  const Result<OpenTable> again = open_again();
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(again->record.relays.size(), 2u);
}

}  // namespace
}  // namespace ctk::sink::testing
