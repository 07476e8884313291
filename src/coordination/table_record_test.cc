#include "coordination/table_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ctk::coordination {
namespace {

using namespace std::chrono_literals;
using dynamodb::VersionKind;
using testing::HasSubstr;

TableRegistration registration_of(const std::string& relay = "r1") {
  TableRegistration registration;
  registration.table = "public.demo";
  registration.source_table = "demo";
  registration.incarnation = Incarnation("arn:s/2026-01-01T00:00:00Z");
  if (!relay.empty()) registration.relay = RelayName(relay);
  registration.reset_command = "ctk load table … --reset";
  return registration;
}

TableRecord record_of() { return *decide_registration(std::nullopt, registration_of()); }

TEST(DecideRegistration, AFirstRunBeginsWithEpochOne) {
  const TableRecord record = record_of();
  EXPECT_EQ(record.epoch, 1U);
  EXPECT_EQ(record.kind, VersionKind::kinesis);
  EXPECT_EQ(record.relays, std::vector<RelayName>{RelayName("r1")});
  EXPECT_EQ(decide_registration(record, registration_of()), record);
}

TEST(DecideRegistration, AFileRegistersNoRelay) {
  EXPECT_TRUE(decide_registration(std::nullopt, registration_of(""))->relays.empty());
}

TEST(DecideRegistration, ASecondRelayDropsTheSweepPairThatWasNotedWithoutIt) {
  TableRecord record = record_of();
  record.sweep = SweepPair{Timestamp(1s), Timestamp(2s)};
  EXPECT_EQ(decide_registration(record, registration_of("r1"))->sweep, record.sweep);
  const auto second = decide_registration(record, registration_of("r2"));
  EXPECT_EQ(second->relays.size(), 2U);
  EXPECT_FALSE(second->sweep);
}

TEST(DecideRegistration, AnotherSourceTableIsRefusedEvenWithReset) {
  TableRegistration registration = registration_of();
  registration.source_table = "orders";
  registration.reset = true;
  const auto answer = decide_registration(record_of(), registration);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::refused);
  EXPECT_EQ(answer.error().message, "table public.demo is kept from source table demo, not from orders");
}

TEST(DecideRegistration, AnotherIncarnationStopsAndNamesBothAndTheCommand) {
  TableRegistration registration = registration_of();
  registration.incarnation = Incarnation("arn:s/2026-02-02T00:00:00Z");
  const auto answer = decide_registration(record_of(), registration);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::mismatch);
  EXPECT_THAT(answer.error().message, HasSubstr("2026-01-01"));
  EXPECT_THAT(answer.error().message, HasSubstr("2026-02-02"));
  EXPECT_THAT(answer.error().hint, HasSubstr("ctk load table … --reset"));
}

TEST(DecideRegistration, ResetOntoAnotherIncarnationRaisesTheEpochOnce) {
  TableRecord before = record_of();
  before.sweep = SweepPair{Timestamp(1s), Timestamp(2s)};
  before.names = {{"a.b", "a_b_12345678"}};
  TableRegistration registration = registration_of("r2");
  registration.incarnation = Incarnation("arn:s/2");
  registration.reset = true;
  const auto raised = decide_registration(before, registration);
  ASSERT_TRUE(raised);
  EXPECT_EQ(raised->epoch, 2U);
  EXPECT_EQ(raised->relays, std::vector<RelayName>{RelayName("r2")});
  EXPECT_EQ(raised->names, before.names);
  EXPECT_FALSE(raised->sweep);
  EXPECT_EQ(decide_registration(raised.value(), registration)->epoch, 2U);
}

TEST(DecideRegistration, ResetOnTheSameIncarnationKeepsTheEpoch) {
  TableRecord before = record_of();
  before.sweep = SweepPair{Timestamp(1s), Timestamp(2s)};
  TableRegistration registration = registration_of();
  registration.reset = true;
  const auto after = decide_registration(before, registration);
  EXPECT_EQ(after->epoch, 1U);
  EXPECT_FALSE(after->sweep) << "older changes come again";
}

TEST(DecideRegistration, AnotherKindStopsButTheTwoFormsOfFilesAreOneSource) {
  TableRegistration streams = registration_of();
  streams.kind = VersionKind::streams;
  const auto answer = decide_registration(record_of(), streams);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::mismatch);

  TableRegistration file = registration_of("");
  file.kind = VersionKind::file_time;
  const TableRecord by_time = *decide_registration(std::nullopt, file);
  file.kind = VersionKind::file_sequence;
  EXPECT_EQ(decide_registration(by_time, file)->kind, VersionKind::file_time);
}

TEST(DecideRegistration, ATableLeftByALoadTakesTheFirstStreamsKind) {
  TableRecord loaded = record_of();
  loaded.kind.reset();
  loaded.incarnation = Incarnation("arn:table/1");
  const auto answer = decide_registration(loaded, registration_of());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, VersionKind::kinesis);
  EXPECT_EQ(answer->incarnation, registration_of().incarnation);
  EXPECT_EQ(answer->epoch, 1U);
}

TableRegistration loading(LoadRequest::Kind kind, Timestamp cut = Timestamp(500s), Epoch seen = 0) {
  TableRegistration registration = registration_of();
  registration.load = LoadRequest{kind, cut, seen};
  return registration;
}

TEST(DecideRegistration, AnInitialLoadBeginsOnceAndIsGoneOnWith) {
  const TableRecord begun = *decide_registration(std::nullopt, loading(LoadRequest::Kind::initial));
  EXPECT_EQ(begun.load, LoadState::running);
  EXPECT_EQ(begun.epoch, 1U);
  EXPECT_EQ(begun.cut, Timestamp(500s));
  EXPECT_EQ(*decide_registration(begun, loading(LoadRequest::Kind::initial, Timestamp(900s))), begun);
  TableRecord complete = begun;
  complete.load = LoadState::complete;
  complete.loaded = Timestamp(700s);
  EXPECT_EQ(*decide_registration(complete, loading(LoadRequest::Kind::initial, Timestamp(900s))), complete);
}

TEST(DecideRegistration, ALoadOfATableThatAStreamHasFilledStartsAnEpoch) {
  TableRecord before = record_of();
  before.sweep = SweepPair{Timestamp(1s), Timestamp(2s)};
  const TableRecord begun = *decide_registration(before, loading(LoadRequest::Kind::initial));
  EXPECT_EQ(begun.epoch, before.epoch + 1);
  EXPECT_EQ(begun.load, LoadState::running);
  EXPECT_FALSE(begun.sweep) << "changes from back to the cut come again";
}

TEST(DecideRegistration, ALoadThatIsRunAgainStartsAnEpochUnlessItIsRunning) {
  TableRecord record = *decide_registration(std::nullopt, loading(LoadRequest::Kind::again));
  EXPECT_EQ(decide_registration(record, loading(LoadRequest::Kind::again))->epoch, 1U);
  record.load = LoadState::complete;
  record.loaded = Timestamp(700s);
  const TableRecord again = *decide_registration(record, loading(LoadRequest::Kind::again, Timestamp(900s)));
  EXPECT_EQ(again.epoch, 2U);
  EXPECT_EQ(again.cut, Timestamp(900s));
  EXPECT_EQ(again.load, LoadState::running);
  EXPECT_FALSE(again.loaded);
}

TEST(DecideRegistration, AGapStartsALoadAnewButOnlyOne) {
  TableRecord running = *decide_registration(std::nullopt, loading(LoadRequest::Kind::initial));
  const TableRegistration anew = loading(LoadRequest::Kind::restart, Timestamp(900s), 1);
  const TableRecord begun = *decide_registration(running, anew);
  EXPECT_EQ(begun.epoch, 2U);
  EXPECT_EQ(begun.cut, Timestamp(900s));
  EXPECT_EQ(*decide_registration(begun, anew), begun) << "the other relay's gap, or a reply that was lost";
}

TEST(DecideRegistration, ALoadWithoutAStreamLeavesTheKindOpenAndRegistersNobody) {
  TableRegistration plain = loading(LoadRequest::Kind::again);
  plain.kind.reset();
  plain.relay.reset();
  plain.incarnation = Incarnation("arn:table/1");
  TableRecord record = *decide_registration(std::nullopt, plain);
  EXPECT_FALSE(record.kind);
  EXPECT_TRUE(record.relays.empty());
  record.load = LoadState::complete;

  // A stream that comes later cannot know whether it still has everything since that load.
  const TableRecord followed = *decide_registration(record, loading(LoadRequest::Kind::initial, Timestamp(900s)));
  EXPECT_EQ(followed.kind, VersionKind::kinesis);
  EXPECT_EQ(followed.load, LoadState::running);
  EXPECT_EQ(followed.epoch, 2U);

  // And a load without a stream beside a stream takes nothing from it.
  TableRecord streamed = record_of();
  const TableRecord reloaded = *decide_registration(streamed, plain);
  EXPECT_EQ(reloaded.kind, streamed.kind);
  EXPECT_EQ(reloaded.incarnation, streamed.incarnation);
  EXPECT_EQ(reloaded.epoch, streamed.epoch + 1);
}

TEST(DecideRegistration, ResetLoadsAgainAndRaisesTheEpochOnce) {
  TableRecord record = *decide_registration(std::nullopt, loading(LoadRequest::Kind::initial));
  TableRegistration registration = loading(LoadRequest::Kind::initial, Timestamp(900s));
  registration.reset = true;
  EXPECT_EQ(decide_registration(record, registration)->epoch, 2U);
  registration.incarnation = Incarnation("arn:s/2");
  const TableRecord other = *decide_registration(record, registration);
  EXPECT_EQ(other.epoch, 2U);
  EXPECT_EQ(other.load, LoadState::running);
}

TEST(Load, OlderEpochsGoOnceTheFloorHasPassed) {
  TableRecord record = record_of();
  record.epoch = 3;
  record.loaded = Timestamp(1000s);
  for (LoadState state : {LoadState::none, LoadState::running, LoadState::complete}) {
    record.load = state;
    EXPECT_FALSE(older_epochs_due(record, Timestamp(9000s), 15min));
  }
  record.load = LoadState::loaded;
  EXPECT_FALSE(older_epochs_due(record, Timestamp(1000s + 15min - 1s), 15min));
  EXPECT_EQ(older_epochs_due(record, Timestamp(1000s + 15min), 15min), 3U);
}

TEST(DecideRegistration, EpochsEnd) {
  TableRecord last = record_of();
  last.epoch = 99'999'999;
  TableRegistration registration = registration_of();
  registration.incarnation = Incarnation("arn:s/2");
  registration.reset = true;
  EXPECT_FALSE(decide_registration(last, registration));
}

StoredPosition row(Position position, Timestamp read_to) {
  StoredPosition stored;
  stored.position = std::move(position);
  stored.read_to = read_to;
  return stored;
}

TEST(DecideRegistration, KeepsSinceWhenItHasNothingButChangesUntilALoadFillsIt) {
  TableRegistration registration = registration_of();
  registration.since = Timestamp(5s);
  const TableRecord record = *decide_registration(std::nullopt, registration);
  EXPECT_EQ(record.since, Timestamp(5s));
  registration.since = Timestamp(9s);
  EXPECT_EQ(decide_registration(record, registration)->since, Timestamp(5s)) << "another start does not change it";
  registration.reset = true;
  EXPECT_EQ(decide_registration(record, registration)->since, Timestamp(9s));
  registration.load = LoadRequest{LoadRequest::Kind::initial, Timestamp(9s), 0};
  EXPECT_FALSE(decide_registration(record, registration)->since);
}

TEST(DecideRegistration, AFirstRecordBeginsAboveTheRowsThatAreThere) {
  const TableRegistration registration = registration_of();
  EXPECT_EQ(decide_first_registration(registration, "")->epoch, 1U);
  EXPECT_EQ(decide_first_registration(registration, "somebody's own")->epoch, 1U);
  EXPECT_EQ(decide_first_registration(registration, "00000001.1.0017")->epoch, 2U);
  EXPECT_EQ(decide_first_registration(registration, "00000041.0.0017")->epoch, 42U);
  EXPECT_FALSE(decide_first_registration(registration, "99999999.1"));
}

TEST(DecideRegistration, ARecordThatIsLostWithItsRowsStopsARun) {
  TableRegistration registration = registration_of();
  registration.record_lost = true;
  EXPECT_EQ(decide_first_registration(registration, "").error().kind, ErrorKind::mismatch);
  EXPECT_TRUE(decide_first_registration(registration, "00000001.1.0017")) << "the rows are there";
  registration.reset = true;
  EXPECT_TRUE(decide_first_registration(registration, ""));
  registration.reset = false;
  registration.load = LoadRequest{};
  EXPECT_TRUE(decide_first_registration(registration, ""));
}

TEST(DecideRegistration, ARecordThatIsLostUnderARunStopsIt) {
  TableRegistration registration = registration_of();
  registration.goes_on = true;
  EXPECT_EQ(decide_first_registration(registration, "").error().kind, ErrorKind::mismatch);
  EXPECT_TRUE(decide_first_registration(registration, "00000001.1.0017")) << "the rows are there";
  registration.load = LoadRequest{};
  EXPECT_TRUE(decide_first_registration(registration, ""));
}

TEST(DecideRegistration, ALoadBeginsAboveTheEpochThatPositionsTellOf) {
  TableRegistration registration = registration_of();
  registration.lost_epoch = 3;
  EXPECT_EQ(decide_first_registration(registration, "")->epoch, 1U) << "another table of the relay";
  registration.load = LoadRequest{};
  EXPECT_EQ(decide_first_registration(registration, "")->epoch, 4U);
  EXPECT_EQ(decide_first_registration(registration, "00000007.1.0017")->epoch, 8U);
}

TEST(DecideRegistration, AnotherFormIsRefused) {
  TableRegistration registration = registration_of();
  registration.form = "layout=columns";
  const auto record = decide_registration(std::nullopt, registration);
  ASSERT_TRUE(record);
  EXPECT_TRUE(decide_registration(*record, registration));
  registration.form = "layout=document";
  registration.reset = true;
  EXPECT_EQ(decide_registration(*record, registration).error().kind, ErrorKind::refused);
  TableRecord unknown = *record;
  unknown.form.clear();
  EXPECT_EQ(decide_registration(unknown, registration)->form, "layout=document") << "of an earlier version";
}

TEST(Positions, TellOfRowsOnceTheyMovedWithSome) {
  StoredPosition row;
  row.epoch = 0;
  EXPECT_FALSE(prove_rows_written({row}));
  row.epoch = 1;
  EXPECT_TRUE(prove_rows_written({row}));
}

TEST(LostTable, WithPositionsOrALoadOnRecordARunStopsAndNamesTheCommand) {
  TableRecord loaded_by_hand = record_of();
  loaded_by_hand.relays.clear();
  loaded_by_hand.load = LoadState::complete;
  for (const TableRecord& record : {record_of(), loaded_by_hand}) {
    for (const TableFound sight : {TableFound::gone, TableFound::emptied}) {
      const auto answer = decide_registration(record, registration_of(), sight);
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().kind, ErrorKind::mismatch);
      EXPECT_THAT(answer.error().message, HasSubstr("table public.demo"));
      EXPECT_THAT(answer.error().hint, HasSubstr("ctk load table … --reset"));
    }
  }
}

TEST(LostTable, OfFilesIsMadeAgainUnlessTheRunGoesOn) {
  TableRecord record = *decide_registration(std::nullopt, registration_of(""));
  record.witnesses = {{R"({"pk":{"S":"a"}})", "00000001.1"}};
  TableRegistration registration = registration_of("");
  const auto made = decide_registration(record, registration, TableFound::gone);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->epoch, 1U);
  EXPECT_TRUE(made->witnesses.empty());
  registration.goes_on = true;
  EXPECT_FALSE(decide_registration(record, registration, TableFound::gone));
  EXPECT_TRUE(decide_registration(record, registration));
}

TEST(LostTable, ResetForgetsWhatWasInIt) {
  TableRecord record = record_of();
  record.load = LoadState::complete;
  record.cut = record.loaded = Timestamp(1s);
  record.witnesses = {{R"({"pk":{"S":"a"}})", "00000001.1"}};
  TableRegistration registration = registration_of();
  registration.reset = true;
  const auto reset = decide_registration(record, registration, TableFound::emptied);
  ASSERT_TRUE(reset);
  EXPECT_EQ(*reset, record_of());
}

TEST(LostTable, IsLoadedAgainWhateverItsLoadHadComeTo) {
  for (const LoadState state : {LoadState::none, LoadState::running, LoadState::loaded, LoadState::complete}) {
    for (const LoadRequest::Kind kind :
         {LoadRequest::Kind::initial, LoadRequest::Kind::again, LoadRequest::Kind::restart}) {
      TableRecord record = record_of();
      record.load = state;
      record.loaded = Timestamp(1s);
      record.witnesses = {{R"({"pk":{"S":"a"}})", "00000001.1"}};
      TableRegistration registration = registration_of();
      registration.load = LoadRequest{kind, Timestamp(9s), 0};
      const auto again = decide_registration(record, registration, TableFound::gone);
      ASSERT_TRUE(again);
      EXPECT_EQ(again->epoch, 2U);
      EXPECT_EQ(again->load, LoadState::running);
      EXPECT_EQ(again->cut, Timestamp(9s));
      EXPECT_FALSE(again->loaded);
      EXPECT_TRUE(again->witnesses.empty());
    }
  }
}

TEST(LostTable, AnotherSourceTableIsSaidFirst) {
  TableRegistration registration = registration_of();
  registration.source_table = "orders";
  EXPECT_EQ(decide_registration(record_of(), registration, TableFound::gone).error().kind, ErrorKind::refused);
}

TEST(Watermark, IsTheLowestUnfinishedShard) {
  EXPECT_EQ(watermark({}), kNoTime);
  EXPECT_EQ(watermark({row(Position::shard_end(), Timestamp(1s))}), kNoTime);
  EXPECT_EQ(watermark({row(Position::trim_horizon(), Timestamp(7s)), row(Position::trim_horizon(), Timestamp(5s)),
                       row(Position::shard_end(), Timestamp(1s))}),
            Timestamp(5s));
  EXPECT_EQ(watermark({row(Position::trim_horizon(), Timestamp(7s)), row(Position::trim_horizon(), kNoTime)}), kNoTime);
}

TEST(Watermark, SegmentsOfALoadDoNotCount) {
  StoredPosition segment = row(Position::trim_horizon(), kNoTime);
  segment.shard = aws::ShardId("load:00001:000/001");
  EXPECT_EQ(watermark({segment, row(Position::trim_horizon(), Timestamp(7s))}), Timestamp(7s));
  EXPECT_EQ(watermark({segment}), kNoTime);
}

TEST(Ready, OnceTheStreamIsPastTheLoadsEnd) {
  TableRecord record = record_of();
  record.loaded = Timestamp(1000s);
  record.load = LoadState::complete;
  EXPECT_TRUE(are_past_load(record, {row(Position::trim_horizon(), Timestamp(1000s))}));
  EXPECT_FALSE(are_past_load(record, {row(Position::trim_horizon(), Timestamp(999s))}));
  EXPECT_FALSE(are_past_load(record, {row(Position::trim_horizon(), kNoTime)}));
  EXPECT_TRUE(is_load_complete(record));
  record.load = LoadState::loaded;
  EXPECT_FALSE(is_load_complete(record));
  EXPECT_FALSE(are_past_load(record, {row(Position::trim_horizon(), Timestamp(1000s))}));
}

TEST(PlanSweep, WithFencingWhatLiesBeforeTheWatermarkLessGraceIsDue) {
  const SweepPlan plan = plan_sweep(record_of(), Timestamp(1000s), Timestamp(5000s), 15min, Duration::zero());
  EXPECT_EQ(plan.before, Timestamp(100s));
  EXPECT_FALSE(plan.remember);
}

TEST(PlanSweep, NothingWhileALoadRunsOrWithoutAWatermarkOrWithGraceNever) {
  TableRecord loading = record_of();
  loading.load = LoadState::running;
  for (const Duration floor : {Duration::zero(), Duration(15min)}) {
    for (const SweepPlan& plan : {plan_sweep(loading, Timestamp(1000s), Timestamp(5000s), 0s, floor),
                                  plan_sweep(record_of(), kNoTime, Timestamp(5000s), 0s, floor),
                                  plan_sweep(record_of(), Timestamp(1000s), Timestamp(5000s), Duration::max(), floor)}) {
      EXPECT_FALSE(plan.before);
      EXPECT_FALSE(plan.remember);
    }
  }
}

TEST(PlanSweep, WithoutFencingANotedPairRipensForTheFloor) {
  TableRecord record = record_of();
  SweepPlan plan = plan_sweep(record, Timestamp(1000s), Timestamp(5000s), 10s, 15min);
  EXPECT_FALSE(plan.before);
  EXPECT_EQ(plan.remember, (SweepPair{Timestamp(1000s), Timestamp(5000s)}));

  record.sweep = plan.remember;
  plan = plan_sweep(record, Timestamp(1800s), Timestamp(5899s), 10s, 15min);
  EXPECT_FALSE(plan.before);
  EXPECT_FALSE(plan.remember) << "a younger pair would never ripen";

  plan = plan_sweep(record, Timestamp(1800s), Timestamp(5900s), 10s, 15min);
  EXPECT_EQ(plan.before, Timestamp(990s));
  EXPECT_EQ(plan.remember, (SweepPair{Timestamp(1800s), Timestamp(5900s)}));

  plan = plan_sweep(record, Timestamp(1000s), Timestamp(5900s), 10s, 15min);
  EXPECT_EQ(plan.before, Timestamp(990s));
  EXPECT_FALSE(plan.remember) << "a stream at rest keeps its ripe pair";
}

TEST(PlanSweep, APairThatNoLongerHoldsIsReplaced) {
  TableRecord record = record_of();
  record.sweep = SweepPair{Timestamp(1000s), Timestamp(5000s)};
  EXPECT_EQ(plan_sweep(record, Timestamp(900s), Timestamp(9000s), 0s, 15min).remember,
            (SweepPair{Timestamp(900s), Timestamp(9000s)}));
  EXPECT_EQ(plan_sweep(record, Timestamp(1100s), Timestamp(4000s), 0s, 15min).remember,
            (SweepPair{Timestamp(1100s), Timestamp(4000s)}));
}

// Over any history of watermarks and clocks: what is swept was below the watermark for at least the floor.
RC_GTEST_PROP(PlanSweepProperty, NothingIsSweptBeforeItsFloor, (const std::vector<std::pair<int8_t, uint8_t>>& steps)) {
  constexpr Duration kFloor = 15min;
  TableRecord record = record_of();
  Timestamp now(100'000s);
  Timestamp mark(50'000s);
  std::vector<std::pair<Timestamp, Timestamp>> seen;
  for (const auto& [moved, waited] : steps) {
    mark += std::chrono::seconds(moved * 3);
    now += std::chrono::seconds(waited * 5);
    seen.emplace_back(now, mark);
    const SweepPlan plan = plan_sweep(record, mark, now, 0s, kFloor);
    if (plan.before) {
      RC_ASSERT(*plan.before <= mark);
      const bool ripe = std::any_of(seen.begin(), seen.end(),
                                    [&](const auto& at) { return at.first <= now - kFloor && at.second >= *plan.before; });
      RC_ASSERT(ripe);
    }
    if (plan.remember) record.sweep = plan.remember;
  }
}

TEST(RecordJson, KeepsRelaysAndNames) {
  const std::vector<RelayName> relays = {RelayName("kinesis:s@a.b"), RelayName("quo\"te")};
  EXPECT_EQ(relays_json(relays), R"(["kinesis:s@a.b","quo\"te"])");
  EXPECT_EQ(parse_relays(relays_json(relays)), relays);
  const std::map<std::string, std::string> names = {{"", "_e3b0c442"}, {"a.b", "a_b_2f9d1c3e"}};
  EXPECT_EQ(names_json(names), R"({"":"_e3b0c442","a.b":"a_b_2f9d1c3e"})");
  EXPECT_EQ(parse_names(names_json(names)), names);
  EXPECT_EQ(relays_json({}), "[]");
  EXPECT_EQ(names_json({}), "{}");
}

TEST(RecordJson, TakesAnythingElseForEmpty) {
  for (const char* text : {"", "null", "{", "[1]", "7"}) {
    EXPECT_TRUE(parse_relays(text).empty()) << text;
    EXPECT_TRUE(parse_names(text).empty()) << text;
  }
}

TEST(RecordJson, KeepsTheKeysOrder) {
  const dynamodb::KeySchema keys{{{"zid", dynamodb::Type::S}, {"at", dynamodb::Type::N}}};
  EXPECT_EQ(keys_json(keys, ""), R"({"zid":"S","at":"N"})");
  EXPECT_EQ(parse_form(keys_json(keys, "")), "");
  EXPECT_EQ(parse_form(keys_json(keys, "layout=document")), "layout=document");
  EXPECT_EQ(parse_keys(keys_json(keys, "layout=document")), keys);
  EXPECT_EQ(parse_keys(keys_json(keys, "")), keys);
  for (const char* text : {"", "null", "{", "[1]", R"({"a":"M3"})", R"({"a":1})"}) {
    EXPECT_TRUE(parse_keys(text).attributes.empty()) << text;
  }
}

}  // namespace
}  // namespace ctk::coordination
