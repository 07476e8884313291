// Whole comparisons in virtual time: the simulated DynamoDB beside SQLite, written to by a relay with a lag.
#include "verify/verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/answer_later.h"
#include "relay/scan_source.h"
#include "sim/dynamodb.h"
#include "sim/in_process_dynamodb.h"
#include "sink/sql/sql_targets.h"

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

/// A table, its copy, and a relay between them that is `lag` late.
class Verifying : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(service_.create_table({.name = "demo", .keys = {{"pk", 'S'}}}, loop_.now()));
    ASSERT_TRUE(await<bool>([&](auto done) { sink_->connect(std::move(done)); }));
    spec_ = table::make_spec(table::Target::sqlite, {"", "demo"}, "demo", {{{"pk", dynamodb::Type::S}}}, options_).value();
    coordination::TableClaim claim;
    claim.table = spec_.name.str();
    claim.source_table = "demo";
    claim.kind = dynamodb::VersionKind::streams;
    claim.keys = {{{"pk", dynamodb::Type::S}}};
    claim.form = table::form_of(options_);
    claim.relay = coordination::RelayName("relay");
    const auto opened = await<sink::OpenTable>([&](auto done) { sink_->open(spec_, claim, std::move(done)); });
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
    const sim::Attributes key{{"pk", R"({"S":")" + key_of(number) + R"("})"}};
    std::string event = R"("Keys":)" + typed_key(number);
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
    sink::FoldedChange folded{
        {change}, {"1"}, {aws::ShardId("s")}, opened_.renderer->render(*change, opened_.record.epoch)};
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
    const auto source = relay::make_scan_source(api_, {options.table, {}}, loop_, loop_);
    Verifier verifier(options, {*source, *calls_, *sink_, *sink_, *sink_, *sink_},
                      {loop_, loop_, random_, log_, std::make_unique<InlineExecutor>(loop_)});
    found_.clear();
    return await<VerifyTotals>([&](auto done) {
      verifier.run([this](const Difference& difference) { found_.push_back(to_json(difference)); }, std::move(done));
    });
  }

  static std::string line(int number, const char* kind, const char* paths = "") {
    return R"({"key":)" + typed_key(number) + R"(,"difference":")" + kind + R"(","paths":[)" + paths + "]}";
  }

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
  table::TableSpec spec_;
  sink::OpenTable opened_;
  int sequence_ = 1000;
  std::vector<std::string> found_;
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
