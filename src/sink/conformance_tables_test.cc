// The cases of the conformance suite: tables, names, dead letters, sweeping, queries.
#include <algorithm>

#include "json/writer.h"
#include "sink/conformance_test.h"

namespace ctk::sink::testing {
namespace {

using coordination::PositionMove;
using shards::Position;
using Changes = std::vector<std::shared_ptr<const dynamodb::Change>>;
using OutcomeKind = ChangeOutcome::Kind;
using std::chrono::seconds;

const std::vector<std::string> kHostileNames = {
    "demo",        "Demo",
    "DEMO",        "my table",
    "a.b",         "a..b",
    "it's",        "q\"uote",
    "back`tick",   "semi;colon",
    "select",      "table",
    "a-b",         "1digit",
    "_id",         "t[0]",
    "x:y",         "percent%s",
    "dollar$1",    "que?stion",
    "tab\tinside", "sla/sh",
    "back\\slash", "{brace}",
    "--comment",   "\xC3\xA4\xE2\x82\xAC",
};

TEST_P(Conformance, TablesMayHaveAnyName) {
  std::vector<std::string> names = kHostileNames;
  // To SQLite they are one table, and a second source table is refused there.
  if (options.kind->tables.folds_case) std::erase_if(names, [](const auto& n) { return n == "demo" || n == "DEMO"; });
  names.push_back(std::string(255, 'n'));
  names.push_back(std::string(254, 'n') + "m");
  names.push_back(std::string(60, 'v'));  // its view's name is too long for PostgreSQL
  uint64_t version = 0;
  std::map<std::string, std::string> images;
  for (const std::string& table : names) {
    std::string image = R"({"i":{"N":")" + std::to_string(++version) + R"("}})";
    auto change = put(version, text_key("a"), image);
    std::string mapped = table::map_table_name(options.kind, table);
    images[mapped] = image;
    open(*change, mapped);
    ASSERT_TRUE(opened) << table;
    apply(Changes{change});
  }
  EXPECT_EQ(images.size(), names.size()) << "two names met";
  for (const auto& [mapped, image] : images) {
    open(*put(1, text_key("a"), "{}"), mapped);
    auto stored = items();
    EXPECT_EQ(stored.size(), 1u) << mapped;
    EXPECT_EQ(stored["a"], expected(image)) << mapped;
  }
}

TEST_P(Conformance, KeysMayHaveAnyName) {
  std::vector<std::string> names = kHostileNames;
  for (const char* ours :
       {"data", "aux", "cdc_version", "cdc_deleted", "cdc_time", "id", "pk", "rowid", "ctid", "oid", "t", "excluded"}) {
    names.emplace_back(ours);
  }
  names.push_back(std::string(255, 'k'));
  uint64_t version = 0;
  for (const std::string& attribute : names) {
    std::string key = "{";
    json::append_string(key, attribute);
    key += R"(:{"S":"v"}})";
    auto change = put(++version, key, R"({"i":{"N":"1"}})");
    opened.reset();
    open(*change, "keys_" + std::to_string(version));
    ASSERT_TRUE(opened) << attribute;
    apply(Changes{change});
    apply(Changes{put(version, key, R"({"i":{"N":"2"}})")});
    auto stored = items();
    ASSERT_EQ(stored.size(), 1u) << attribute;
    EXPECT_EQ(stored["v"], expected(R"({"i":{"N":"1"}})")) << attribute;
  }
}

TEST_P(Conformance, WithoutDdlAMissingTableIsSaid) {
  options.tables.create_table = false;
  sink = backend->make_sink(options);
  auto change = put(1, text_key("a"), "{}");
  Result<OpenTable> refused = open(*sink, "demo", *change);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::not_found) << to_string(refused.error());
  EXPECT_TRUE(to_string(refused.error()).contains("create-table=false")) << to_string(refused.error());
  options.tables.create_table = true;
  sink = backend->make_sink(options);
  EXPECT_TRUE(open(*sink, "demo", *change));
  options.tables.create_table = false;
  sink = backend->make_sink(options);
  Result<OpenTable> found = open(*sink, "demo", *change);
  ASSERT_TRUE(found) << to_string(found.error());
}

TEST_P(Conformance, WithoutAViewThereIsNone) {
  options.tables.live_view = false;
  sink = backend->make_sink(options);
  open(*put(1, text_key("a"), "{}"));
  EXPECT_FALSE(query("SELECT * FROM " + backend->quoted(name("demo_live"))));
}

TEST_P(Conformance, AnotherKeyIsRefusedWithBothDefinitions) {
  open(*put(1, text_key("a"), "{}"));
  Result<OpenTable> refused = open(*sink, "demo", *put(1, R"({"other":{"S":"a"}})", "{}"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
  std::string log_lines = to_string(refused.error());
  EXPECT_TRUE(log_lines.contains("other") && log_lines.contains("pk")) << log_lines;
}

/// A letter of a change that could not be decoded.
DeadLetter letter_of(const std::string& position, const std::string& record) {
  return make_dead_letter({"relay", "relay", coordination::Incarnation("life"), "", "shard", position, 0},
                          from_micros(1'700'000'000'000'001), "undecodable", "no JSON", record);
}

TEST_P(Conformance, DeadLettersAreKeptOnce) {
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  auto batch = batch_of({change});
  batch->dead_letters = {letter_of("1", "not json"), letter_of("2", std::string("\xFF\x00", 2)),
                         letter_of("3", std::string(500'000, 'x'))};
  batch->dead_letters[0].source_table = "it's a \"table\"";
  batch->dead_letters[0].key = R"({"pk":{"S":"a"}})";
  batch->dead_letters[0].version = "00000001.1.x";
  for (int i = 0; i < 2; ++i) {
    Result<BatchOutcome> outcome = apply(batch);
    ASSERT_TRUE(outcome) << to_string(outcome.error());
    EXPECT_EQ(outcome->dead_letters, batch->dead_letters);
  }
  backend->refresh(*sink, name("ctk_dead_letters"));
  std::vector<DeadLetter> kept = letters();
  ASSERT_EQ(kept.size(), 3u);
  std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.position < b.position; });
  EXPECT_EQ(kept, batch->dead_letters);
  EXPECT_EQ(kept[1].change, "base64:/wA=");
  auto one = await<std::vector<DeadLetter>>([&](auto done) { sink->dead_letters(kept[1].id, std::move(done)); });
  ASSERT_TRUE(one);
  EXPECT_EQ(*one, std::vector<DeadLetter>{kept[1]});
}

/// The caller cannot tell an answer that was lost from a write that was: it sends the batch again.
TEST_P(Conformance, ABatchThatIsRepeatedAfterALostAnswerChangesNothing) {
  const auto first = put(1, text_key("a"), R"({"v":{"N":"1"}})"), second = put(2, text_key("a"), R"({"v":{"N":"2"}})");
  const auto gone = put(3, text_key("b"), R"({"v":{"N":"3"}})"), end = removal(4, text_key("b"));
  open(*first);
  auto batch = batch_of({first, second, gone, end});
  batch->dead_letters = {letter_of("5", "not json")};
  Result<BatchOutcome> once = apply(batch);
  ASSERT_TRUE(once) << to_string(once.error());
  const auto written = items();
  for (int i = 0; i < 2; ++i) {
    auto again = backend->make_sink(options);  // another connection: the one whose answer was lost is gone
    ASSERT_TRUE(open(*again, "demo", *first));
    Result<BatchOutcome> repeated = await<BatchOutcome>([&](auto done) { again->apply(batch, std::move(done)); });
    ASSERT_TRUE(repeated) << to_string(repeated.error());
    EXPECT_EQ(repeated->dead_letters, once->dead_letters);
    EXPECT_EQ(items(), written);
  }
  EXPECT_EQ(written.at("a"), expected(R"({"v":{"N":"2"}})"));
  EXPECT_EQ(written.at("b"), "deleted");
  backend->refresh(*sink, name("ctk_dead_letters"));
  EXPECT_EQ(letters().size(), 1u);
}

TEST_P(Conformance, NoLetterHidesAnother) {
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  const auto keep = [&](const DeadLetter& letter) {
    auto batch = batch_of({change});
    batch->dead_letters = {letter};
    return apply(batch);
  };
  // The same line of two files, of two tables, of a file that has changed since.
  const DeadLetterOrigin first{"file:a@t", "/a@t", coordination::Incarnation("file"), "", "file", "1", 0};
  DeadLetterOrigin other_file = first, other_target = first, other_table = first;
  other_file.source = "/b@t";
  other_target.source = "/a@u";
  other_table.source_table = "orders";
  const Timestamp now = from_micros(1'700'000'000'000'001);
  for (const DeadLetterOrigin& origin : {first, other_file, other_target, other_table}) {
    ASSERT_TRUE(keep(make_dead_letter(origin, now, "undecodable", "no JSON", "x")));
  }
  ASSERT_TRUE(keep(make_dead_letter(first, now, "undecodable", "no JSON", "y")));
  backend->refresh(*sink, name("ctk_dead_letters"));
  EXPECT_EQ(letters().size(), 5u);

  // Played again, whatever the relay is called and the reason is now.
  DeadLetterOrigin renamed = first;
  renamed.relay = "file:./a@t";
  ASSERT_TRUE(keep(make_dead_letter(renamed, now, "undecodable", "still no JSON", "x")));
  backend->refresh(*sink, name("ctk_dead_letters"));
  const std::vector<DeadLetter> all = letters();
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(std::ranges::count(all, "still no JSON", &DeadLetter::reason), 1);

  DeadLetter clash = make_dead_letter(first, now, "undecodable", "no JSON", "x");
  clash.change = "another";
  const Result<BatchOutcome> lost = keep(clash);
  ASSERT_FALSE(lost) << "another letter under its id is an error, never nothing";
  EXPECT_EQ(lost.error().kind, ErrorKind::internal);
  EXPECT_TRUE(lost.error().message.contains(clash.id));
}

TEST_P(Conformance, LettersAloneMakeTheirTable) {
  auto batch = std::make_shared<Batch>();
  batch->relay = relay;
  batch->incarnation = incarnation;
  batch->dead_letters = {letter_of("1", "not json")};
  const Result<BatchOutcome> kept = apply(batch);
  ASSERT_TRUE(kept) << to_string(kept.error());
  backend->refresh(*sink, name("ctk_dead_letters"));
  EXPECT_EQ(letters().size(), 1u);
}

TEST_P(Conformance, WhereNothingMayBeMadeLettersNameTheTableThatIsMissing) {
  options.tables.create_table = false;
  sink = backend->make_sink(options);
  auto batch = std::make_shared<Batch>();
  batch->relay = relay;
  batch->incarnation = incarnation;
  batch->dead_letters = {letter_of("1", "not json")};
  const Result<BatchOutcome> kept = apply(batch);
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().kind, ErrorKind::not_found);
  EXPECT_TRUE(to_string(kept.error()).contains("create-table=false")) << to_string(kept.error());
}

TEST_P(Conformance, DeadLettersAreNoneBeforeTheFirst) { EXPECT_TRUE(letters().empty()); }

TEST_P(Conformance, BehindARefusedWinnerTheNextLowerChangeIsTried) {
  Changes changes = {put(1, text_key("a"), R"({"v":{"N":"1"}})"), put(2, text_key("a"), R"({"v":{"N":"2"}})"),
                     put(3, text_key("a"), R"({"v":{"N":"3"}})"), put(9, text_key("b"), "{}")};
  open(*changes[0]);
  auto batch = batch_of(changes);
  ASSERT_EQ(batch->tables[0].changes[0].changes.size(), 3u);
  batch->tables[0].changes[0].rendered = table::Refused{"its image is not to our taste", false};
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_EQ(outcome->tables[0][0].kind, OutcomeKind::applied) << "the lower one was";
  EXPECT_EQ(outcome->tables[0][0].parked, 1);
  EXPECT_EQ(outcome->tables[0][1].kind, OutcomeKind::applied);
  EXPECT_EQ(items()["a"], expected(R"({"v":{"N":"2"}})"));
  backend->refresh(*sink, name("ctk_dead_letters"));
  std::vector<DeadLetter> kept = letters();
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept, outcome->dead_letters);
  EXPECT_EQ(kept[0].kind, "refused");
  EXPECT_EQ(kept[0].reason, "its image is not to our taste");
  EXPECT_EQ(kept[0].key, text_key("a"));
  EXPECT_EQ(kept[0].version, table::version_text(1, changes[2]->order));
  EXPECT_EQ(kept[0].source_table, "source");
  EXPECT_EQ(kept[0].change, changes[2]->record);
  EXPECT_EQ(kept[0].position, changes[2]->position);
}

TEST_P(Conformance, WhereARefusalStopsTheRunNothingIsWritten) {
  Changes changes = {put(1, text_key("a"), "{}"), put(2, text_key("b"), "{}")};
  open(*changes[0]);
  auto batch = batch_of(changes);
  batch->tables[0].changes[1].rendered = table::Refused{"its image is not to our taste", false};
  batch->stop_on_refusal = true;
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  ASSERT_EQ(outcome->refused.size(), 1u);
  EXPECT_EQ(outcome->refused[0].change, changes[1]);
  EXPECT_EQ(outcome->refused[0].reason, "its image is not to our taste");
  EXPECT_TRUE(letters().empty());
  if (sink->traits().transactions) {
    EXPECT_TRUE(rows().empty());
  }
}

TEST_P(Conformance, WhenNothingOfAKeyIsTakenAllOfItIsParked) {
  Changes changes = {put(1, text_key("a"), "{}")};
  open(*changes[0]);
  auto batch = batch_of(changes);
  batch->tables[0].changes[0].rendered = table::Refused{"too long", true};
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->tables[0][0].kind, OutcomeKind::parked);
  EXPECT_TRUE(outcome->tables[0][0].key_refused);
  EXPECT_TRUE(rows().empty());
  // The same again, as after a crash: still one letter.
  ASSERT_TRUE(apply(batch));
  backend->refresh(*sink, name("ctk_dead_letters"));
  EXPECT_EQ(letters().size(), 1u);
}

/// The moment of the change of that version: put() and removal() count microseconds.
Timestamp moment(int64_t version) { return from_micros(1'700'000'000'000'000 + version); }

TEST_P(Conformance, MarksGoWhenEveryShardIsPastThem) {
  const aws::ShardId one("shard-1"), two("shard-2");
  Changes changes = {put(1, text_key("living"), "{}"), removal(2, text_key("early")), removal(5'000'000, text_key("late"))};
  open(*changes[0]);
  apply(changes);
  auto acquired = acquire(*sink, "a", {{one, Position::trim_horizon()}, {two, Position::trim_horizon()}});
  auto read_to = [&](const aws::ShardId& shard, Timestamp time) {
    PositionMove move{shard, Position::trim_horizon(), Position::trim_horizon(), time, {}};
    Result<bool> done = move_alone(*sink, acquired.fence, {move});
    EXPECT_TRUE(done) << to_string(done.error());
  };
  if (!sink->traits().transactions) GTEST_SKIP() << "sweeps by its own rules";
  auto swept = sweep(seconds(60));
  ASSERT_TRUE(swept) << to_string(swept.error());
  EXPECT_EQ(swept->swept, 0u) << "no shard has said how far it is";
  read_to(one, moment(100'000'000));
  EXPECT_EQ(sweep(seconds(60))->swept, 0u) << "one shard has not";
  read_to(two, moment(60'000'002));
  EXPECT_EQ(sweep(seconds(60))->swept, 0u) << "strictly past";
  read_to(two, moment(60'000'003));
  swept = sweep(seconds(60));
  EXPECT_EQ(swept->swept, 1u);
  EXPECT_EQ(swept->tombstones_left, 1u);
  EXPECT_EQ(swept->living, 1u);
  EXPECT_EQ(sweep(Duration::max())->swept, 0u);
  EXPECT_EQ(sweep(seconds(1))->swept, 1u);
  EXPECT_EQ(items().size(), 1u);
}

TEST_P(Conformance, MarksStayWhileALoadRunsOrALetterIsOpen) {
  if (!sink->traits().transactions) GTEST_SKIP() << "sweeps by its own rules";
  Changes changes = {removal(10, text_key("a")), removal(20, text_key("b")), removal(30, text_key("c"))};
  open(*changes[0]);
  auto batch = batch_of(changes);
  DeadLetter older = letter_of("1", "x"), newer = letter_of("2", "y");
  older.source_table = newer.source_table = "source";
  older.key = text_key("a");
  older.version = table::version_text(1, put(9, text_key("a"), "{}")->order);
  newer.key = text_key("b");
  newer.version = table::version_text(1, put(21, text_key("b"), "{}")->order);
  batch->dead_letters = {older, newer};
  ASSERT_TRUE(apply(batch));
  auto acquired = acquire(*sink, "a", {{aws::ShardId("s"), Position::trim_horizon()}});
  PositionMove move{
      aws::ShardId("s"), Position::trim_horizon(), Position::after(aws::SequenceNumber("9")), moment(3'600'000'000), {}};
  ASSERT_TRUE(move_alone(*sink, acquired.fence, {move}));

  std::string tables = backend->quoted(name("ctk_tables"));
  const std::string load = backend->quoted({"", "load"});
  ASSERT_TRUE(query("UPDATE " + tables + " SET " + load + " = 'running'"));
  EXPECT_EQ(sweep(seconds(1))->swept, 0u);
  ASSERT_TRUE(query("UPDATE " + tables + " SET " + load + " = 'complete'"));
  EXPECT_EQ(sweep(seconds(1))->swept, 2u);
  auto left = items();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left.begin()->first, "a") << "an older change of it may still be replayed";
}

TEST_P(Conformance, WithoutPositionsMarksGoOnlyByAGivenWatermark) {
  if (!sink->traits().transactions) GTEST_SKIP() << "sweeps by its own rules";
  auto change = removal(1, text_key("a"));
  table::TableSpec spec = spec_of("demo", *change);
  coordination::TableRegistration registration = registration_of(spec);
  registration.relay.reset();
  registration.kind = dynamodb::VersionKind::file_time;
  auto result = await<OpenTable>([&](auto done) { sink->open(spec, registration, std::move(done)); });
  ASSERT_TRUE(result);
  opened = *result;
  apply(Changes{change});
  EXPECT_EQ(sweep(seconds(0))->swept, 0u);
  EXPECT_EQ(sweep(seconds(0), moment(1))->swept, 0u);
  EXPECT_EQ(sweep(seconds(0), moment(2))->swept, 1u);
}

TEST_P(Conformance, QueriesAnswerWithColumnsAndRows) {
  open(*put(1, text_key("a"), "{}"));
  Result<ResultSet> result = query("SELECT 1 AS one, 'it''s' AS two, NULL AS three");
  ASSERT_TRUE(result) << to_string(result.error());
  ASSERT_EQ(result->columns.size(), 3u);
  EXPECT_EQ(result->columns[0].name, "one");
  EXPECT_EQ(result->columns[0].kind, ResultSet::Column::Kind::number);
  EXPECT_EQ(result->columns[1].kind, ResultSet::Column::Kind::text);
  ASSERT_EQ(result->rows.size(), 1u);
  EXPECT_EQ(result->rows[0][0], "1");
  EXPECT_EQ(result->rows[0][1], "it's");
  EXPECT_EQ(result->rows[0][2], std::nullopt);
  Result<ResultSet> wrong = query("SELEKT 1");
  ASSERT_FALSE(wrong);
  EXPECT_FALSE(wrong.error().peer.empty()) << "the server's words";
  EXPECT_TRUE(query("SELECT 1")) << "an error leaves the session usable";
}

TEST_P(Conformance, ATableIsShown) {
  Result<TableReport> none = await<TableReport>([&](auto done) { sink->show(name("demo"), std::move(done)); });
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::not_found);
  Changes changes = {put(1, R"({"b":{"N":"1"},"a":{"S":"x"}})", "{}"), put(2, R"({"b":{"N":"2"},"a":{"S":"x"}})", "{}"),
                     removal(3, R"({"b":{"N":"3"},"a":{"S":"x"}})")};
  open(*changes[0]);
  acquire(*sink, "a", {{aws::ShardId("s"), Position::trim_horizon()}});
  auto batch = batch_of(changes);
  batch->dead_letters = {letter_of("1", "x")};
  batch->dead_letters[0].source_table = "source";
  ASSERT_TRUE(apply(batch));
  backend->refresh(*sink, name("demo"));
  backend->refresh(*sink, name("ctk_dead_letters"));
  Result<TableReport> report = await<TableReport>([&](auto done) { sink->show(name("demo"), std::move(done)); });
  ASSERT_TRUE(report) << to_string(report.error());
  EXPECT_EQ(report->rows, 3);
  EXPECT_EQ(report->living, 2);
  EXPECT_EQ(report->tombstones, 1);
  EXPECT_EQ(report->dead_letters, 1);
  EXPECT_EQ(report->key.size(), 2u);
  EXPECT_GE(report->columns.size(), 5u);
  ASSERT_TRUE(report->record);
  opened->record.witnesses = report->record->witnesses;  // noted since
  EXPECT_EQ(*report->record, opened->record);
  ASSERT_EQ(report->positions.size(), 1u);
  EXPECT_EQ(report->positions[0].first, relay);
  EXPECT_EQ(report->positions[0].second.size(), 1u);
}

}  // namespace
}  // namespace ctk::sink::testing
