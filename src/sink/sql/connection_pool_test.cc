#include "sink/sql/connection_pool.h"

#include <gtest/gtest.h>

#include <optional>

namespace ctk::sink::sql {
namespace {

/// Fails as often as it is told to, with the connection or without.
class FailingDriver final : public Driver {
 public:
  explicit FailingDriver(bool loses) : loses_(loses) {}

  Status connect(Reach) override {
    if (++connects > refused_from) return fail(ErrorKind::unreachable, "refused");
    connected_ = true;
    return {};
  }
  void disconnect() override { connected_ = false; }
  SqlResult<std::vector<Answer>> run(std::span<const Statement>) override { return std::vector<Answer>{}; }
  Result<ResultSet> query(const Query&) override { return ResultSet{}; }
  bool in_transaction() const override { return false; }
  bool connection_is_lost() const override { return !connected_; }

  Result<int> work(int failures, ErrorKind kind) {
    if (++runs > failures) return runs;
    if (loses_) disconnect();
    return fail(kind, "no");
  }
  int runs = 0;
  int connects = 0;
  int refused_from = 1000000;

 private:
  bool loses_;
  bool connected_ = false;
};

struct Ran {
  bool worked = false;
  int runs = 0;
  int connects = 0;
};

/// A job that fails so often, run on the only connection.
Ran run(int failures, ErrorKind kind, bool loses, bool of_a_user = false, int refused_from = 1000000) {
  VirtualLoop loop{from_micros(0)};
  auto owned = std::make_unique<FailingDriver>(loses);
  FailingDriver& driver = *owned;
  driver.refused_from = refused_from;
  ConnectionPool connections;
  connections.add(std::make_unique<InlineExecutor>(loop), std::move(owned));
  std::optional<Result<int>> result;
  auto job = [&driver, failures, kind](Driver&) { return driver.work(failures, kind); };
  Done<int> done = [&](Result<int> value) { result.emplace(std::move(value)); };
  if (of_a_user) {
    connections.run_first<int>(Reach::existing, job, std::move(done));
  } else {
    connections.run<int>(Reach::existing, job, std::move(done));
  }
  loop.run_until([&] { return result.has_value(); }, std::chrono::seconds(1));
  return {result && *result, driver.runs, driver.connects};
}

TEST(ConnectionPool, ALostConnectionIsMadeAnewAtOnce) {
  const Ran ran = run(3, ErrorKind::unreachable, true);
  EXPECT_TRUE(ran.worked);
  EXPECT_EQ(ran.runs, 4);
}

TEST(ConnectionPool, ALongTransactionThatIsCutAgainAndAgainComesThrough) {
  const Ran ran = run(500, ErrorKind::unreachable, true);
  EXPECT_TRUE(ran.worked);
  EXPECT_EQ(ran.runs, 501);
}

TEST(ConnectionPool, ButAServerThatLetsNobodyInIsNotAskedForEver) {
  const Ran ran = run(1000, ErrorKind::unreachable, true, false, 3);
  EXPECT_FALSE(ran.worked);
  EXPECT_EQ(ran.runs, 3);
  EXPECT_EQ(ran.connects, 23);
}

TEST(ConnectionPool, WhatFailsForAnotherReasonFails) {
  EXPECT_EQ(run(1, ErrorKind::unreachable, false).runs, 1) << "the connection is there";
  EXPECT_EQ(run(1, ErrorKind::denied, true).runs, 1);
  EXPECT_EQ(run(1, ErrorKind::refused, true).runs, 1);
}

TEST(ConnectionPool, AUsersStatementRunsOnce) { EXPECT_EQ(run(1, ErrorKind::unreachable, true, true).runs, 1); }

}  // namespace
}  // namespace ctk::sink::sql
