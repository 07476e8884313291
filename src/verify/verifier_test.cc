// Whole comparisons in virtual time: the simulated DynamoDB beside SQLite, written to by a relay with a lag.
#include "verify/verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/answer_later.h"
#include "shards/segment.h"
#include "sim/dynamodb.h"
#include "sim/in_process_dynamodb.h"
#include "sink/sql/sql_targets.h"
#include "source/scan_source.h"

namespace ctk::verify {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::UnorderedElementsAre;

const Timestamp kStart = parse_timestamp("2026-11-29T03:00:00Z").value();

class SilentLog final : public Log {
 public:
  bool enabled(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view, std::span<const LogField>) override {}
};

std::string key_of(int number) { return "item-" + std::to_string(number); }
std::string typed_key(int number) { return R"({"pk":{"S":")" + key_of(number) + R"("}})"; }

/// A gateway that lets Scan through and refuses the rest.
class Refusing final : public sim::InProcessDynamoDb {
 public:
  Refusing(sim::DynamoDb& service, EventLoop& loop, const sim::ApiEnvironment& environment)
      : InProcessDynamoDb(service, environment), loop_(loop) {}
  void get_item(const aws::TableName&, const std::string&, Done<std::optional<std::string>> done) override {
    answer_later<std::optional<std::string>>(loop_, lifeline_, std::move(done),
                                             fail(ErrorKind::refused, "HTTP status 404", "<html>not here</html>"));
  }

 private:
  EventLoop& loop_;
  Lifeline lifeline_;
};

/// Counts the rows that are asked for by their keys.
class CountingRows final : public sink::RowReader {
 public:
  explicit CountingRows(sink::RowReader& rows) : rows_(rows) {}

  void read_rows(Spec spec, std::vector<std::vector<table::KeyCell>> keys, Done<Rows> done) override {
    asked += keys.size();
    rows_.read_rows(std::move(spec), std::move(keys), std::move(done));
  }
  void read_keys(Spec spec, std::vector<std::string> from, size_t limit, Done<sink::KeyPage> done) override {
    rows_.read_keys(std::move(spec), std::move(from), limit, std::move(done));
  }
  void walk_rows(Spec spec, sink::RowVisit visit, Done<bool> done) override {
    if (shows) return rows_.walk_rows(std::move(spec), std::move(visit), std::move(done));
    auto shown = [done = std::move(done)](Result<bool> all) mutable { done(all ? Result<bool>(false) : all); };
    const auto none = [rows = 0, visit = std::move(visit)](const auto& key, auto data, auto aux) mutable {
      return ++rows < 10 && visit(key, data, aux);
    };
    rows_.walk_rows(std::move(spec), none, std::move(shown));
  }

  void learned_types(Spec spec, Done<table::LearnedTypes> done) override {
    rows_.learned_types(std::move(spec), std::move(done));
  }

  size_t asked = 0;
  bool shows = true;

 private:
  sink::RowReader& rows_;
};

/// A table, its copy, and a relay between them that is `lag` late.
class Verifying : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(service_.create_table({.name = "demo", .keys = {{"pk", key_type_}}}, loop_.now()));
    ASSERT_TRUE(await<bool>([&](auto done) { sink_->connect(std::move(done)); }));
    const dynamodb::Type type = key_type_ == 'S' ? dynamodb::Type::S : dynamodb::Type::N;
    spec_ = table::make_spec(table::Target::sqlite, {"", "demo"}, "demo", {{{"pk", type}}}, options_).value();
    registration_.table = spec_.name.str();
    registration_.source_table = "demo";
    registration_.kind = dynamodb::VersionKind::streams;
    registration_.keys = {{{"pk", type}}};
    registration_.form = table::form_of(options_);
    registration_.relay = coordination::RelayName("relay");
    const auto opened = await<sink::OpenTable>([&](auto done) { sink_->open(spec_, registration_, std::move(done)); });
    ASSERT_TRUE(opened) << to_string(opened.error());
    opened_ = *opened;
  }

  template <class T, class Call>
  Result<T> await(Call call) {
    std::optional<Result<T>> answer;
    call(Done<T>([&answer](Result<T> result) { answer.emplace(std::move(result)); }));
    if (!loop_.run_until([&] { return answer.has_value(); }, std::chrono::hours(2))) {
      return fail(ErrorKind::internal, "nobody answered");
    }
    return std::move(*answer);
  }

  /// Writes an item, or removes it; the relay brings it to the target `lag` later.
  void change(int number, std::optional<int> value, Duration lag = {}) {
    const std::string value_of_key =
        key_type_ == 'S' ? R"({"S":")" + key_of(number) + R"("})" : R"({"N":")" + std::to_string(number) + R"("})";
    const sim::Attributes key{{"pk", value_of_key}};
    std::string event = R"("Keys":{"pk":)" + value_of_key + "}";
    if (value) {
      sim::Attributes item = key;
      item["n"] = R"({"N":")" + std::to_string(*value) + R"("})";
      item["tiny"] = R"({"N":"1E-100"})";
      event += R"(,"NewImage":)" + sim::to_json(item);
      ASSERT_TRUE(service_.put_item("demo", std::move(item), loop_.now()));
    } else {
      ASSERT_TRUE(service_.delete_item("demo", key, loop_.now()));
    }
    dynamodb::RawRecord record;
    record.data = std::string(R"({"eventName":")") + (value ? "MODIFY" : "REMOVE") +
                  R"(","tableName":"demo","dynamodb":{"ApproximateCreationDateTime":1764385200,"SequenceNumber":")" +
                  std::to_string(++sequence_) + "\"," + event + "}}";
    dynamodb::Decoded decoded = dynamodb::Decoder().decode(std::move(record), {.kind = dynamodb::VersionKind::streams});
    ASSERT_EQ(decoded.changes.size(), 1u);
    auto shared = std::make_shared<const dynamodb::Change>(std::move(decoded.changes.front()));
    loop_.after(lag, [this, shared] { apply(shared); });
  }

  void apply(const std::shared_ptr<const dynamodb::Change>& change) {
    auto batch = std::make_shared<sink::Batch>();
    sink::FoldedChange folded{{change}, opened_.renderer->render(*change, opened_.record.epoch)};
    batch->tables.push_back({opened_.record.table, opened_.record.epoch, {std::move(folded)}});
    sink_->apply(batch, [](const Result<sink::BatchOutcome>& outcome) { EXPECT_TRUE(outcome); });
  }

  void fill(int items) {
    for (int i = 0; i < items; ++i) change(i, i);
    loop_.run_until_idle(seconds(1));
  }

  void by_hand(const std::string& sql) {
    const auto done = await<sink::ResultSet>([&](auto answer) { sink_->query(sql, std::move(answer)); });
    ASSERT_TRUE(done) << to_string(done.error());
  }

  Result<VerifyTotals> verify(const std::function<void(VerifyOptions&)>& with = {}) {
    VerifyOptions options;
    options.table = aws::TableName("demo");
    options.tables = options_;
    if (with) with(options);
    const auto source = source::make_scan_source(api_, {options.table, {}}, loop_, loop_);
    Verifier verifier(
        options, {*source, *calls_, *sink_, rows_ != nullptr ? *rows_ : *sink_, *sink_, *sink_},
        {loop_, loop_, random_, log_, std::make_unique<InlineExecutor>(loop_), std::make_unique<InlineExecutor>(loop_)});
    found_.clear();
    return await<VerifyTotals>([&](auto done) {
      verifier.run([this](const Difference& difference) { found_.push_back(to_json(difference)); }, std::move(done));
    });
  }

  static std::string line(int number, const char* kind, const char* paths = "") {
    return R"({"key":)" + typed_key(number) + R"(,"difference":")" + kind + R"(","paths":[)" + paths + "]}";
  }

  char key_type_ = 'S';
  VirtualLoop loop_{kStart};
  Random random_{1};
  SilentLog log_;
  sim::DynamoDbStreams streams_{{}};
  sim::DynamoDb service_{{.scan_page = 2'000}, streams_, random_};
  sim::InProcessDynamoDb api_{service_, {loop_, loop_, random_}};
  aws::DynamoDbApi* calls_ = &api_;
  table::TableOptions options_;
  std::unique_ptr<sink::Database> sink_ = sink::make_sqlite_sink(
      [] {
        sink::TargetOptions target;
        target.kind = table::Target::sqlite;
        return target;
      }(),
      {loop_, loop_, random_, log_, nullptr, [this](const char*) { return std::make_unique<InlineExecutor>(loop_); }});
  sink::RowReader* rows_ = nullptr;  ///< nothing: the sink's own
  table::TableSpec spec_;
  coordination::TableRegistration registration_;
  sink::OpenTable opened_;
  int sequence_ = 1000;
  std::vector<std::string> found_;
};

class VerifyingNumbers : public Verifying {
 protected:
  VerifyingNumbers() { key_type_ = 'N'; }
};

TEST_F(Verifying, FindsACopyEqual) {
  fill(300);
  change(7, std::nullopt);
  loop_.run_until_idle(seconds(1));
  const Result<VerifyTotals> totals = verify();
  ASSERT_TRUE(totals) << to_string(totals.error());
  EXPECT_EQ(*totals, (VerifyTotals{.items = 299, .rows = 299, .equal = 299}));
  EXPECT_EQ(api_.counts().get_item, 0u);
}

TEST_F(Verifying, FindsWhateverIsPlanted) {
  fill(300);
  change(5, std::nullopt);
  loop_.run_until_idle(seconds(1));
  by_hand("DELETE FROM demo WHERE pk = 'item-1'");
  by_hand("UPDATE demo SET data = replace(data, '\"n\":20', '\"n\":21') WHERE pk = 'item-20'");
  by_hand("INSERT INTO demo (pk, data, cdc_version) VALUES ('item-900', '{}', '00000001.1.x')");
  by_hand("UPDATE demo SET cdc_deleted = 0, data = '{\"n\":5}' WHERE pk = 'item-5'");  // a tombstone lost
  by_hand("UPDATE demo SET cdc_deleted = 1, data = NULL WHERE pk = 'item-6'");
  by_hand("UPDATE demo SET data = '{\"n\":8}' WHERE pk = 'item-8'");
  by_hand("UPDATE demo SET data = json_remove(data, '$.tiny'), aux = '{\"tiny\":{\"N\":\"1E-100\"}}' WHERE pk = 'item-9'");
  const Timestamp before = loop_.now();
  const Result<VerifyTotals> totals = verify();
  ASSERT_TRUE(totals) << to_string(totals.error());
  EXPECT_EQ(*totals, (VerifyTotals{.items = 299, .rows = 299, .equal = 295, .missing = 1, .extra = 2, .different = 3}));
  EXPECT_THAT(found_, UnorderedElementsAre(line(1, "missing"), line(20, "different", R"("n")"), line(900, "extra"),
                                           line(5, "extra"), line(6, "different", R"("n","tiny")"),
                                           line(8, "different", R"("tiny")")));
  EXPECT_GE(loop_.now() - before, minutes(1)) << "a difference must last";
  EXPECT_EQ(api_.counts().get_item, 6u * kMostLooks);
}

/// A row that reads as its item's and is another one: found at once, also where the item's own row is there.
TEST_F(Verifying, ARowWithAKeyOfAnotherType) {
  fill(20);
  by_hand("INSERT INTO demo (pk, data) SELECT CAST(pk AS BLOB), data FROM demo WHERE pk = 'item-1'");
  by_hand("UPDATE demo SET pk = CAST(pk AS BLOB) WHERE pk = 'item-2' AND typeof(pk) = 'text'");
  const Result<VerifyTotals> totals = verify();
  ASSERT_TRUE(totals) << to_string(totals.error());
  EXPECT_EQ(*totals, (VerifyTotals{.items = 20, .rows = 21, .equal = 19, .missing = 1, .extra = 2}));
}

/// Numbers have one form each: texts that read as numbers are rows of no item, beside the item's own row and without it.
TEST_F(VerifyingNumbers, RowsWithTextsForKeys) {
  fill(20);
  by_hand("INSERT INTO demo (pk, data) SELECT '1e0', data FROM demo WHERE pk = 1");
  by_hand("UPDATE demo SET pk = '2' WHERE pk = 2");
  by_hand("INSERT INTO demo (pk, data) VALUES ('30', '{}'), ('007', '{}'), ('1.50', '{}'), ('0.1', '{}'), ('x', '{}')");
  const VerifyTotals expected{.items = 20, .rows = 26, .equal = 19, .missing = 1, .extra = 7};
  Result<VerifyTotals> totals = verify();
  ASSERT_TRUE(totals) << to_string(totals.error());
  EXPECT_EQ(*totals, expected);
  // The row that is missing is written again. None of the others is touched.
  totals = verify([](VerifyOptions& options) { options.repair = true; });
  ASSERT_TRUE(totals) << to_string(totals.error());
  EXPECT_EQ(totals->repaired, 1u);
  EXPECT_TRUE(totals->found_differences());
  totals = verify();
  ASSERT_TRUE(totals) << to_string(totals.error());
  EXPECT_EQ(*totals, (VerifyTotals{.items = 20, .rows = 27, .equal = 20, .extra = 7}));
}

TEST_F(Verifying, RepairsWhatStands) {
  fill(100);
  change(5, std::nullopt);
  loop_.run_until_idle(seconds(1));
  by_hand("DELETE FROM demo WHERE pk = 'item-1'");
  by_hand("UPDATE demo SET data = '{}' WHERE pk = 'item-2'");
  by_hand("UPDATE demo SET cdc_deleted = 1, data = NULL WHERE pk = 'item-3'");
  by_hand("UPDATE demo SET cdc_deleted = 0, data = '{\"n\":5}' WHERE pk = 'item-5'");
  by_hand("INSERT INTO demo (pk, data) VALUES ('item-900', '{}')");  // without a version
  Result<VerifyTotals> totals = verify([](VerifyOptions& options) { options.repair = true; });
  ASSERT_TRUE(totals) << to_string(totals.error());
  EXPECT_EQ(*totals,
            (VerifyTotals{.items = 99, .rows = 99, .equal = 96, .missing = 1, .extra = 2, .different = 2, .repaired = 5}));
  EXPECT_FALSE(totals->found_differences());
  totals = verify();
  ASSERT_TRUE(totals);
  EXPECT_EQ(*totals, (VerifyTotals{.items = 99, .rows = 99, .equal = 99}));
  // Any change wins over what was missing, and none that is older over the others.
  change(1, 11);
  change(2, 12);
  loop_.run_until_idle(seconds(1));
  EXPECT_EQ(verify().value().equal, 99u);
}

/// Rows are broken, repaired, and written by a relay that is late, all at once: in the end both sides are equal.
TEST_F(Verifying, RepairsBesideARelayThatWrites) {
  fill(100);
  bool writing = true;
  std::function<void()> write = [&] {
    if (!writing) return;
    const int number = static_cast<int>(random_.below(100));
    const bool gone = random_.below(4) == 0;
    change(number, gone ? std::nullopt : std::optional(static_cast<int>(random_.below(1000))), milliseconds(300));
    loop_.after(milliseconds(20), [&] { write(); });
  };
  loop_.post([&] { write(); });
  for (int round = 0; round < 3; ++round) {
    by_hand("DELETE FROM demo WHERE pk LIKE '%7'");
    by_hand("UPDATE demo SET data = '{}' WHERE pk LIKE '%8'");
    const Result<VerifyTotals> totals = verify([](VerifyOptions& options) {
      options.repair = true;
      options.settle = milliseconds(500);
    });
    ASSERT_TRUE(totals) << to_string(totals.error());
    EXPECT_GT(totals->repaired, 0u);
  }
  writing = false;
  loop_.run_until_idle(minutes(1));
  const Result<VerifyTotals> totals = verify([](VerifyOptions& options) { options.repair = true; });
  ASSERT_TRUE(totals);
  EXPECT_FALSE(totals->found_differences());
  EXPECT_EQ(verify().value().found_differences(), false);
}

TEST_F(Verifying, AnItemThatCannotBeAskedForIsNotTakenForGone) {
  fill(10);
  by_hand("UPDATE demo SET data = '{}' WHERE pk = 'item-1'");
  by_hand("INSERT INTO demo (pk, data, cdc_version) VALUES ('item-900', '{}', '00000001.1.x')");
  Refusing refusing{service_, loop_, {loop_, loop_, random_}};
  calls_ = &refusing;
  const Result<VerifyTotals> totals = verify([](VerifyOptions& options) { options.repair = true; });
  ASSERT_FALSE(totals);
  EXPECT_EQ(totals.error().kind, ErrorKind::refused);
  calls_ = &api_;
  EXPECT_EQ(verify()->extra, 1u) << "its row is as it was";
}

TEST_F(Verifying, ATableIsNotRepairedFromAnotherOne) {
  fill(10);
  by_hand("DELETE FROM demo WHERE pk = 'item-1'");
  by_hand("UPDATE ctk_tables SET incarnation = 'arn:aws:dynamodb:elsewhere:1:table/demo/2026-11-01T00:00:00.000000Z'");
  const Result<VerifyTotals> totals = verify([](VerifyOptions& options) { options.repair = true; });
  ASSERT_FALSE(totals);
  EXPECT_THAT(totals.error().message, testing::HasSubstr("elsewhere"));
  EXPECT_EQ(verify()->missing, 1u) << "to compare them may be meant";
}

/// Rows are wrong, and a load that begins puts them right, ten minutes later: until it is over nothing is told of them.
TEST_F(Verifying, ALoadThatBeginsMeanwhileIsWaitedFor) {
  fill(50);
  by_hand("UPDATE demo SET data = '{}' WHERE pk LIKE '%7'");
  by_hand("DELETE FROM demo WHERE pk = 'item-1'");
  const Duration began = loop_.monotonic();
  bool loading = true;
  std::function<void()> keep_loading = [&] {
    if (!loading) return;
    coordination::AcquireRequest request;
    request.relay = coordination::RelayName("relay");
    request.worker = coordination::WorkerName("loader");
    request.shards = {{shards::segment_shard({2, 0, 1}), {}}};
    request.epoch = 2;
    sink_->positions().acquire(request, [](const auto& acquired) { EXPECT_TRUE(acquired); });
    loop_.after(seconds(30), [&] { keep_loading(); });
  };
  loop_.after(seconds(1), [&] {
    coordination::TableRegistration registration = registration_;
    registration.load = coordination::LoadRequest{coordination::LoadRequest::Kind::again, loop_.now()};
    sink_->open(spec_, registration, [&](const Result<sink::OpenTable>& loaded) {
      ASSERT_TRUE(loaded) << to_string(loaded.error());
      EXPECT_EQ(loaded->record.epoch, 2u);
      loop_.after(seconds(90), [&] { keep_loading(); });
    });
  });
  loop_.after(minutes(10), [&] {
    loading = false;
    const auto done = [](const auto& answer) { EXPECT_TRUE(answer); };
    sink_->query({"UPDATE demo SET data = '{\"n\":' || substr(pk, 6) || ',\"tiny\":1E-100}' WHERE pk LIKE '%7'"}, done);
    sink_->query({"UPDATE demo SET cdc_version = '00000002' || substr(cdc_version, 9)"}, done);
    sink_->finish_load({"demo", 2}, done);
  });
  const Result<VerifyTotals> totals = verify([](VerifyOptions& options) { options.settle = seconds(5); });
  ASSERT_TRUE(totals) << to_string(totals.error());
  EXPECT_EQ(*totals, (VerifyTotals{.items = 50, .rows = 49, .equal = 49, .missing = 1, .settled = 5}));
  EXPECT_GT(loop_.monotonic() - began, minutes(10));
}

/// Rows of an older epoch that a load has not met are gone once they are swept: until then they are no differences, and
/// nobody repairs them.
TEST_F(Verifying, RowsThatAreYetToBeSweptAreNoDifferences) {
  fill(50);
  by_hand("INSERT INTO demo (pk, data, cdc_version) VALUES ('item-900', '{}', '00000001.1.x')");
  by_hand("UPDATE ctk_tables SET epoch = 2, load = 'loaded'");
  const auto repairing = [](VerifyOptions& options) {
    options.settle = Duration{};
    options.repair = true;
  };
  EXPECT_EQ(verify(repairing).value(), (VerifyTotals{.items = 50, .rows = 51, .equal = 50}));
  by_hand("INSERT INTO demo (pk, data, cdc_version) VALUES ('item-901', '{}', '00000002.1.x')");
  EXPECT_EQ(verify(repairing).value(), (VerifyTotals{.items = 50, .rows = 52, .equal = 50, .extra = 1, .repaired = 1}));
  EXPECT_THAT(found_, UnorderedElementsAre(line(901, "extra")));
  by_hand("UPDATE ctk_tables SET load = 'complete'");
  EXPECT_EQ(verify(repairing).value(), (VerifyTotals{.items = 50, .rows = 51, .equal = 50, .extra = 1, .repaired = 1}));
  EXPECT_THAT(found_, UnorderedElementsAre(line(900, "extra")));
}

/// Items whose rows were marked are not asked for; those that are not as they were marked are, by their rows alone.
TEST_F(Verifying, AsksForNoRowThatIsMarkedAsItsItem) {
  fill(300);
  CountingRows rows(*sink_);
  rows_ = &rows;
  EXPECT_EQ(verify().value(), (VerifyTotals{.items = 300, .rows = 300, .equal = 300}));
  EXPECT_EQ(rows.asked, 0u);
  by_hand("UPDATE demo SET data = data || ' ' WHERE pk = 'item-7'");
  EXPECT_EQ(verify().value(), (VerifyTotals{.items = 300, .rows = 300, .equal = 300}));
  EXPECT_EQ(rows.asked, 1u);
  EXPECT_EQ(api_.counts().get_item, 0u);
}

/// A repair, too, reads the rows alone that differ: and each of them, and its item, again before it writes.
TEST_F(Verifying, RepairsByMarks) {
  fill(300);
  CountingRows rows(*sink_);
  rows_ = &rows;
  by_hand("UPDATE demo SET data = '{}' WHERE pk = 'item-7'");
  const auto repairing = [](VerifyOptions& options) { options.repair = true; };
  EXPECT_EQ(verify(repairing).value(),
            (VerifyTotals{.items = 300, .rows = 300, .equal = 299, .different = 1, .repaired = 1}));
  EXPECT_LT(rows.asked, 10u);
  EXPECT_EQ(verify().value(), (VerifyTotals{.items = 300, .rows = 300, .equal = 300}));
}

/// Where a database shows no rows, or not all, each is asked for.
TEST_F(Verifying, AsksForAllRowsWhereNoneAreMarked) {
  fill(300);
  CountingRows rows(*sink_);
  rows.shows = false;
  rows_ = &rows;
  by_hand("INSERT INTO demo (pk, data, cdc_version) VALUES ('item-900', '{}', '00000001.1.x')");
  const auto at_once = [](VerifyOptions& options) { options.settle = Duration{}; };
  EXPECT_EQ(verify(at_once).value(), (VerifyTotals{.items = 300, .rows = 301, .equal = 300, .extra = 1}));
  EXPECT_GE(rows.asked, 300u);
}

/// A relay that falls behind while its table is looked at is late by more than settle: nothing is told of what it has yet
/// to bring.
TEST_F(Verifying, ARelayThatFallsBehindIsWaitedFor) {
  fill(50);
  coordination::AcquireRequest request;
  request.relay = coordination::RelayName("relay");
  request.worker = coordination::WorkerName("worker");
  request.shards = {{aws::ShardId("s"), {}}};
  bool late = true;
  Timestamp read_to = loop_.now();
  std::function<void()> renew = [&] {
    if (!late) return;
    sink_->positions().acquire(request, [&](const Result<coordination::Acquired>& acquired) {
      ASSERT_TRUE(acquired);
      const coordination::StoredPosition& row = acquired->positions.front();
      coordination::PositionMove move{row.shard, row.position, row.position, read_to, {}, acquired->fence};
      sink_->positions().move(request.relay, {move}, [](const auto& moved) { EXPECT_TRUE(moved); });
    });
    loop_.after(seconds(20), [&] { renew(); });
  };
  renew();
  loop_.run_until_idle(milliseconds(10));
  for (int i = 0; i < 10; ++i) change(i, 1000 + i, minutes(5));
  loop_.after(minutes(6), [&] { late = false; });
  const Result<VerifyTotals> totals = verify();
  late = false;
  ASSERT_TRUE(totals) << to_string(totals.error());
  EXPECT_EQ(*totals, (VerifyTotals{.items = 50, .rows = 50, .equal = 50, .settled = 10}));
}

/// Two keys that share FNV-1a's 64 bits: whoever can write both sides could hide a row behind an item.
TEST_F(Verifying, ARowIsNotHiddenByAKeyThatWasMadeForIt) {
  fill(3);
  const sim::Attributes item{{"pk", R"({"S":"8yn0iYCKYHlIj4-BwPqk"})"}};
  ASSERT_TRUE(service_.put_item("demo", item, loop_.now()));
  by_hand("INSERT INTO demo (pk, data, cdc_version) VALUES ('8yn0iYCKYHlIj4-BwPqk', '{}', '00000001.1.x')");
  by_hand("INSERT INTO demo (pk, data, cdc_version) VALUES ('GReLUrM4wMqfg9yzV3KQ', '{}', '00000001.1.x')");
  const Result<VerifyTotals> totals = verify();
  ASSERT_TRUE(totals);
  EXPECT_EQ(*totals, (VerifyTotals{.items = 4, .rows = 5, .equal = 4, .extra = 1}));
}

TEST_F(Verifying, SettleIsTakenAsItIsGiven) {
  fill(10);
  by_hand("DELETE FROM demo WHERE pk = 'item-1'");
  const Timestamp before = loop_.now();
  const Result<VerifyTotals> totals = verify([](VerifyOptions& options) { options.settle = Duration::zero(); });
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->missing, 1u);
  EXPECT_LT(loop_.now() - before, seconds(1));
}

TEST_F(Verifying, ComparesASample) {
  fill(1000);
  by_hand("DELETE FROM demo");
  const Result<VerifyTotals> totals = verify([](VerifyOptions& options) {
    options.sample = 0.1;
    options.settle = Duration::zero();
  });
  ASSERT_TRUE(totals);
  EXPECT_GT(totals->items, 60u);
  EXPECT_LT(totals->items, 140u);
  EXPECT_EQ(totals->missing, totals->items);
}

TEST_F(Verifying, ATableThatIsNotThere) {
  fill(1);
  Result<VerifyTotals> totals = verify([](VerifyOptions& options) { options.target_table = "other"; });
  EXPECT_EQ(totals.error().kind, ErrorKind::not_found);
  EXPECT_EQ(totals.error().message, "there is no table other to compare with");
  totals = verify([](VerifyOptions& options) { options.tables.encoding = table::Encoding::dynamodb; });
  EXPECT_EQ(totals.error().kind, ErrorKind::refused);
  EXPECT_THAT(totals.error().message, testing::HasSubstr("layout=columns, and is to be read with layout=columns&encoding"));
}

/// 1,000 writes a second, a relay that is late, and a fault now and then of either side: nobody cries wolf, and what was
/// planted beside them is found.
TEST_F(Verifying, ALiveTableHasNoFalseAlarms) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    random_ = Random(seed);
    fill(200);
    by_hand("DELETE FROM demo WHERE pk = 'item-190'");
    by_hand("UPDATE demo SET data = replace(data, '\"n\":191', '\"n\":192') WHERE pk = 'item-191'");
    by_hand("INSERT OR IGNORE INTO demo (pk, data, cdc_version) VALUES ('item-900', '{}', '00000001.1.x')");
    api_.settings().faults.lost_request = 0.01;
    const Duration lag = milliseconds(100 + 100 * (seed % 5));
    bool writing = true;
    std::function<void()> write = [&] {
      if (!writing) return;
      // Some items never rest, others are written once in a while, come and go.
      const int number = static_cast<int>(random_.below(2) == 0 ? random_.below(5) : random_.below(190));
      const bool gone = random_.below(4) == 0;
      change(number, gone ? std::nullopt : std::optional(static_cast<int>(random_.below(1000))), lag);
      loop_.after(milliseconds(1), [&] { write(); });
    };
    loop_.post([&] { write(); });
    const Result<VerifyTotals> totals = verify([](VerifyOptions& options) {
      options.settle = seconds(2);
      options.segments = 3;
    });
    writing = false;
    loop_.run_until_idle(minutes(1));
    ASSERT_TRUE(totals) << to_string(totals.error());
    EXPECT_THAT(found_, UnorderedElementsAre(line(190, "missing"), line(191, "different", R"("n")"), line(900, "extra")))
        << "seed " << seed;
    EXPECT_GT(totals->settled, 0u);
  }
}

}  // namespace
}  // namespace ctk::verify
