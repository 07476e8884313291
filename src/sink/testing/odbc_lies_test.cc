// The conformance suite against an ODBC driver that lies (tests/odbc/lying_driver.cc), each lie on its own. What it cannot
// hold is refused or becomes a dead letter; nothing is taken for written that is not there.
#include <gmock/gmock.h>

#include "base/testing/temporary_folder.h"
#include "net/url.h"
#include "sink/conformance_history_test.h"
#include "sink/sql/odbc_site.h"
#include "sink/testing/odbc_backend.h"

namespace ctk::sink::testing {
namespace {

using Kind = ChangeOutcome::Kind;
using ::testing::HasSubstr;

std::string lying(const std::string& words) { return std::string("DRIVER=") + CTK_LYING_ODBC + ";" + words; }

/// What the program would find there.
table::OdbcKind kind_of(const std::string& connection) {
  net::Url url;
  url.scheme = "odbc";
  const Result<sql::OdbcAddress> address = sql::odbc_address(url, std::nullopt, connection);
  const Result<sql::OdbcSite> site = sql::ask_odbc_site(*address, std::nullopt, std::chrono::seconds(10));
  EXPECT_TRUE(site) << to_string(site.error());
  return site ? site->kind : table::OdbcKind{};
}

class LyingBackend final : private TemporaryFolder, public OdbcBackend {
 public:
  explicit LyingBackend(const std::string& lie)
      : OdbcBackend(kind_of(lying(lie)), lying("DATABASE=" + (path() / "test.db").string() + ";" + lie), "") {}
};

BackendMaker liar(std::string name, const std::string& lie) {
  return {std::move(name), [lie] { return std::make_unique<LyingBackend>(lie); }};
}

// CUT: longer than anything of the suite, but for its large items.
const auto kLiars =
    ::testing::Values(liar("honest", "LIE=none"), liar("no_arrays", "LIE=no-arrays"),
                      liar("first_of_array", "LIE=first-of-array"), liar("cuts_arrays", "LIE=cuts-arrays;CUT=8"),
                      liar("counts_none", "LIE=counts-none"), liar("counts_many", "LIE=counts-many"),
                      liar("no_transactions", "LIE=no-transactions"), liar("claims_success", "LIE=claims-success"));
const auto kName = [](const auto& instance) { return instance.param.name; };

INSTANTIATE_TEST_SUITE_P(Lies, Conformance, kLiars, kName);
INSTANTIATE_TEST_SUITE_P(Lies, ConformanceOfNames, kLiars, kName);
INSTANTIATE_TEST_SUITE_P(Lies, ConformanceOfLetters, kLiars, kName);
INSTANTIATE_TEST_SUITE_P(Lies, ConformanceOfHistory, kLiars, kName);

/// Drivers that cut values without a word, long after everything that the sink writes of its own.
class Cutting : public Conformance {
 protected:
  static std::string image(size_t size) { return R"({"s":{"S":")" + std::string(size, 'x') + R"("}})"; }
};

TEST_P(Cutting, WhatIsShortIsThere) {
  const Changes changes = {put(1, text_key("a"), image(100)), put(2, text_key("b"), image(500))};
  open(*changes[0]);
  apply(changes);
  EXPECT_EQ(items()["a"], expected(image(100)));
  EXPECT_EQ(items()["b"], expected(image(500)));
  EXPECT_TRUE(letters().empty());
}

TEST_P(Cutting, ALongValueStopsTheRunWhereItsLetterWouldBeCutToo) {
  const aws::ShardId shard("s-1");
  const Changes changes = {put(1, text_key("a"), image(100)), put(2, text_key("b"), image(5000))};
  open(*changes[0]);
  const coordination::Acquired held = acquire(*sink, "worker", {{shard, shards::Position::trim_horizon()}});
  auto batch = std::make_shared<Batch>(*batch_of(changes));
  batch->moves.push_back({shard,
                          shards::Position::trim_horizon(),
                          shards::Position::after(aws::SequenceNumber("1")),
                          kNoTime,
                          {},
                          held.fence});
  const Result<BatchOutcome> outcome = apply(batch);
  ASSERT_FALSE(outcome) << "a change is taken for written, or for kept, that is nowhere whole";
  EXPECT_EQ(outcome.error().kind, ErrorKind::refused) << to_string(outcome.error());
  EXPECT_EQ(stored_at(*sink, shard).position, shards::Position::trim_horizon()) << "and is passed over";
  EXPECT_EQ(items().count("b"), 0u) << "half of an item is no item";
}

TEST_P(Cutting, KeysThatBeginAlikeStayApart) {
  const std::string beginning(1100, 'k');
  const auto first = put(1, text_key(beginning + "1"), R"({"v":{"N":"1"}})");
  open(*first);
  const Result<BatchOutcome> one = apply(batch_of({first}));
  const Result<BatchOutcome> other = apply(batch_of({put(2, text_key(beginning + "2"), R"({"v":{"N":"2"}})")}));
  EXPECT_FALSE(one && other && letters().empty()) << "two items have become one row";
  EXPECT_TRUE(items().empty());
}

INSTANTIATE_TEST_SUITE_P(Lies, Cutting,
                         ::testing::Values(liar("cuts", "LIE=cuts;CUT=1000"),
                                           liar("cuts_answers", "LIE=cuts-answers;CUT=1000")),
                         kName);

/// A COMMIT that does nothing says so to nobody. What comes next finds the position where it was before.
class Forgetful : public Conformance {};

TEST_P(Forgetful, ALostCommitIsSeenByTheNextWrite) {
  const aws::ShardId shard("s-1");
  const auto horizon = shards::Position::trim_horizon();
  const auto first = shards::Position::after(aws::SequenceNumber("1"));
  const auto second = shards::Position::after(aws::SequenceNumber("2"));
  const Changes changes = {put(1, text_key("a"), R"({"v":{"N":"1"}})"), put(2, text_key("b"), R"({"v":{"N":"2"}})")};
  open(*changes[0]);
  const coordination::Acquired held = acquire(*sink, "worker", {{shard, horizon}});
  const auto write = [&](size_t change, const shards::Position& from, const shards::Position& to) {
    auto batch = std::make_shared<Batch>(*batch_of({changes[change]}));
    batch->moves.push_back({shard, from, to, kNoTime, {}, held.fence});
    return apply(batch);
  };
  EXPECT_TRUE(write(0, horizon, first)) << "nobody can know";
  EXPECT_TRUE(items().empty());
  const Result<BatchOutcome> outcome = write(1, first, second);
  ASSERT_FALSE(outcome) << "a position moves on behind what was never written";
  EXPECT_THAT(to_string(outcome.error()), HasSubstr("the stored position of shard s-1"));
  EXPECT_EQ(stored_at(*sink, shard).position, horizon) << "the next start begins there";
}

INSTANTIATE_TEST_SUITE_P(Lies, Forgetful, ::testing::Values(liar("loses_commits", "LIE=loses-commits")), kName);

/// Together: what a driver has cut could not be taken back.
class Hopeless : public Conformance {};

TEST_P(Hopeless, ItIsNotGoneOnWith) {
  const auto change = put(1, text_key("a"), R"({"s":{"S":")" + std::string(5000, 'x') + R"("}})");
  open(*change);
  const Result<BatchOutcome> outcome = apply(batch_of({change}));
  ASSERT_FALSE(outcome);
  EXPECT_THAT(to_string(outcome.error()), HasSubstr("cannot be undone"));
}

INSTANTIATE_TEST_SUITE_P(Lies, Hopeless, ::testing::Values(liar("both", "LIE=no-transactions,cuts;CUT=1000")), kName);

}  // namespace
}  // namespace ctk::sink::testing
