// A server, or what lies before it, that fails some requests at random: what is done stays done, and the rate falls with
// the share that fails, never to nothing. In virtual time, by seeds.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <deque>

#include "sink/cratedb/cratedb_backends_test.h"

namespace ctk::sink::testing {
namespace {

using cratedb::testing::FakeCrateDb;
using Reply = std::optional<Result<net::HttpResponse>>;

constexpr int kBatches = 40;
constexpr int kRows = 50;
constexpr size_t kInFlight = 4;

/// Fails a share of all requests, in every way that was seen at proxies.
class FaultDice {
 public:
  FaultDice(FakeCrateDb& server, double share, uint64_t seed) : server_(server), share_(share), random_(seed) {}

  Reply operator()(const net::HttpRequest& request) {
    if (random_.fraction() >= share_) return std::nullopt;
    switch (random_.below(7)) {
      case 0: return plain(429);
      case 1: return plain(500);
      case 2: return plain(502);
      case 3: return plain(503);
      case 4: return fail(ErrorKind::unreachable, "connection reset");
      case 5: server_.answer(request); return fail(ErrorKind::unreachable, "the answer was lost");
      default: break;
    }
    net::HttpResponse cut = server_.answer(request);
    cut.body.resize(cut.body.size() / 2);
    return cut;
  }

 private:
  static net::HttpResponse plain(int status) {
    return {.status = status, .headers = {{"content-type", "text/html"}}, .body = "<html>no</html>"};
  }

  FakeCrateDb& server_;
  double share_;
  Random random_;
};

class CratePartialFaults : public Conformance {
 protected:
  void SetUp() override {
    Conformance::SetUp();
    server().latency = std::chrono::milliseconds(5);
    open(*put(1, text_key("a"), R"({"n":{"N":"1"}})"));
  }

  FakeCrateDb& server() { return fake_server(*backend); }
  void fail_share(double share, uint64_t seed) { server().intercept = FaultDice(server(), share, seed); }
  void fail_nothing() { server().intercept = nullptr; }
  static bool is_upsert(const net::HttpRequest& request) {
    return request.body.find("INSERT INTO \\\"test\\\".\\\"demo\\\"") != std::string::npos;
  }
  static size_t rows_in(const net::HttpRequest& request) {
    size_t rows = 0;
    for (size_t at = 0; (at = request.body.find("\"00000001.", at)) != std::string::npos; at++) rows++;
    return rows;
  }
  Duration now() { return backend->clock().monotonic(); }

  static Changes rows_of(int batch) {
    Changes changes;
    for (int row = 0; row < kRows; row++) {
      changes.push_back(put(1, text_key(std::to_string(batch) + "/" + std::to_string(row)), R"({"n":{"N":"1"}})"));
    }
    return changes;
  }

  /// Applies all batches, some at once, those that fail again after a while, as a relay does.
  struct Flow {
    Duration took{};
    Duration longest_silence{};
    int failed_calls = 0;
  };
  Flow run_batches(int first_key) {
    std::deque<std::shared_ptr<const Batch>> waiting;
    for (int i = 0; i < kBatches; i++) waiting.push_back(batch_of(rows_of(first_key + i)));
    Flow flow;
    int done = 0;
    size_t flying = 0;
    const Duration start = now();
    Duration last = start;
    std::function<void()> pump = [&] {
      while (flying < kInFlight && !waiting.empty()) {
        const std::shared_ptr<const Batch> batch = waiting.front();
        waiting.pop_front();
        flying++;
        sink->apply(batch, [&, batch](Result<BatchOutcome> outcome) {
          flying--;
          if (outcome) {
            done++;
            flow.longest_silence = std::max(flow.longest_silence, Duration(now() - last));
            last = now();
          } else {
            flow.failed_calls++;
            waiting.push_front(batch);
          }
          pump();
        });
      }
    };
    pump();
    EXPECT_TRUE(backend->run_until([&] { return done == kBatches; }));
    flow.took = now() - start;
    return flow;
  }

  double rate_at(double share, uint64_t seed, int first_key) {
    fail_share(share, seed);
    const Flow flow = run_batches(first_key);
    fail_nothing();
    EXPECT_LT(flow.longest_silence, std::chrono::seconds(15));
    return 1.0 / std::chrono::duration<double>(flow.took).count();
  }
};

TEST_P(CratePartialFaults, TheRateFallsInProportion) {
  const double whole = rate_at(0, 1, 0);
  EXPECT_GE(rate_at(0.1, 2, 1000) / whole, 0.45);
  EXPECT_GE(rate_at(0.3, 3, 2000) / whole, 0.25);
  EXPECT_GE(rate_at(0.7, 4, 3000) / whole, 0.001) << "little, as single rows, but not nothing";
  EXPECT_EQ(items().size(), 4u * kBatches * kRows);
  EXPECT_TRUE(letters().empty());
  for (const auto& [key, item] : items()) EXPECT_EQ(item, R"({"n":1})") << key;
}

TEST_P(CratePartialFaults, WhatABatchHasDoneIsNotDoneAgain) {
  options.batch_rows = 10;
  sink = backend->make_sink(options);
  open(*put(1, text_key("a"), R"({"n":{"N":"1"}})"));
  size_t rows_sent = 0;
  bool works = true;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (!is_upsert(request)) return std::nullopt;
    if (!works) return fail(ErrorKind::unreachable, "connection refused");
    rows_sent += rows_in(request);
    works = rows_sent < 30;
    return std::nullopt;
  };
  const std::shared_ptr<const Batch> batch = batch_of(rows_of(0));
  const Result<BatchOutcome> failed = apply(batch);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::unreachable);
  EXPECT_EQ(rows_sent, 30u);
  rows_sent = 0;
  works = true;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (is_upsert(request)) rows_sent += rows_in(request);
    return std::nullopt;
  };
  const Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_EQ(rows_sent, static_cast<size_t>(kRows) - 30u);
  ASSERT_EQ(outcome->tables.size(), 1u);
  EXPECT_EQ(outcome->tables[0].size(), static_cast<size_t>(kRows));
  EXPECT_EQ(items().size(), static_cast<size_t>(kRows));
}

TEST_P(CratePartialFaults, ATableOpenedAnewGetsTheWholeBatch) {
  options.batch_rows = 10;
  sink = backend->make_sink(options);
  open(*put(1, text_key("a"), R"({"n":{"N":"1"}})"));
  int upserts = 0;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (!is_upsert(request) || upserts++ < 3) return std::nullopt;
    return fail(ErrorKind::unreachable, "connection refused");
  };
  const std::shared_ptr<const Batch> batch = batch_of(rows_of(0));
  ASSERT_FALSE(apply(batch));
  fail_nothing();
  open(*put(1, text_key("a"), R"({"n":{"N":"1"}})"));
  size_t rows_sent = 0;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (is_upsert(request)) rows_sent += rows_in(request);
    return std::nullopt;
  };
  ASSERT_TRUE(apply(batch));
  EXPECT_EQ(rows_sent, static_cast<size_t>(kRows)) << "it may be another table";
  EXPECT_EQ(items().size(), static_cast<size_t>(kRows));
}

TEST_P(CratePartialFaults, EverythingElseIsTriedAgainToo) {
  using coordination::PositionMove;
  const aws::ShardId shard("s1");
  for (uint64_t seed = 1; seed <= 10; seed++) {
    fail_share(0.3, seed);
    sink = backend->make_sink(options);
    const auto connected = await<bool>([&](auto done) { sink->connect(std::move(done)); });
    EXPECT_TRUE(connected) << seed << ": " << to_string(connected.error());
    relay = coordination::RelayName("relay-" + std::to_string(seed));
    open(*put(1, text_key("a"), R"({"n":{"N":"1"}})"), "t" + std::to_string(seed));
    const auto held = acquire(*sink, "w", {{shard, shards::Position::trim_horizon()}});
    const auto at = [](uint64_t number) { return shards::Position::after(aws::SequenceNumber(std::to_string(number))); };
    shards::Position from = shards::Position::trim_horizon();
    for (uint64_t number = 1; number <= 10; number++) {
      const auto moved = move_alone(*sink, held.fence, {PositionMove{shard, from, at(number), backend->clock().now(), {}}});
      EXPECT_TRUE(moved) << seed << ": " << to_string(moved.error());
      from = at(number);
    }
    apply(Changes{put(1, text_key("a"), "{}"), removal(2, text_key("b")), removal(2, text_key("c"))});
    SweepRequest request;
    request.table = opened->record.table;
    request.relay = relay;
    request.explicit_grace = true;
    request.watermark = from_micros(1'700'000'100'000'000);
    const auto swept = await<SweepOutcome>([&](auto done) { sink->sweep(request, std::move(done)); });
    fail_nothing();
    ASSERT_TRUE(swept) << seed << ": " << to_string(swept.error());
    EXPECT_EQ(swept->living, 1u);
    EXPECT_EQ(swept->tombstones_left, 0u);
    EXPECT_EQ(stored_at(*sink, shard).position, at(10));
  }
  EXPECT_TRUE(letters().empty());
}

TEST_P(CratePartialFaults, AUsersStatementIsSentOnce) {
  int sent = 0;
  server().intercept = [&](const net::HttpRequest&) -> Reply {
    sent++;
    return fail(ErrorKind::unreachable, "the answer was lost");
  };
  EXPECT_FALSE(query("SELECT 1"));
  EXPECT_EQ(sent, 1);
}

TEST_P(CratePartialFaults, AnOutageIsGivenBackWithinSeconds) {
  server().intercept = [](const net::HttpRequest&) -> Reply { return fail(ErrorKind::unreachable, "connection refused"); };
  const Duration start = now();
  EXPECT_FALSE(apply(batch_of(rows_of(0))));
  EXPECT_LT(now() - start, std::chrono::seconds(6));
}

TEST_P(CratePartialFaults, WhoCloseDoesNotInsist) {
  server().intercept = [](const net::HttpRequest&) -> Reply { return fail(ErrorKind::unreachable, "connection refused"); };
  const Duration start = now();
  bool failed = false;
  sink->apply(batch_of(rows_of(0)), [&](Result<BatchOutcome> outcome) { failed = !outcome; });
  ASSERT_TRUE(await<bool>([&](auto done) { sink->close(std::move(done)); }));
  EXPECT_TRUE(failed);
  EXPECT_LT(now() - start, std::chrono::seconds(1));
}

TEST_P(CratePartialFaults, TheNodeThatFailedIsNamed) {
  options.url.hosts = {{"one", 4200}, {"two", 4200}, {"three", 4200}};
  const std::array<std::string, 3> nodes = {"http://one:4200", "http://two:4200", "http://three:4200"};
  for (const std::string& denying : nodes) {
    server().intercept = [&](const net::HttpRequest& request) -> Reply {
      if (!request.url.starts_with(denying)) return fail(ErrorKind::unreachable, "connection refused");
      return net::HttpResponse{.status = 401, .headers = {}, .body = "password authentication failed"};
    };
    sink = backend->make_sink(options);
    const Result<bool> connected = await<bool>([&](auto done) { sink->connect(std::move(done)); });
    ASSERT_FALSE(connected);
    for (const std::string& node : nodes) {
      const bool named = to_string(connected.error()).find(node) != std::string::npos;
      EXPECT_EQ(named, node == denying) << node;
    }
  }
  // Of a statement, too: the one that was asked, not the first in the URL.
  sink = backend->make_sink(options);
  server().intercept = nullptr;
  open(*put(1, text_key("a"), "{}"));
  server().intercept = [](const net::HttpRequest& request) -> Reply {
    if (!request.url.starts_with("http://two")) return std::nullopt;
    return cratedb::testing::error_response({4011, "MissingPrivilegeException[Missing 'DML' privilege for user 'x']"});
  };
  std::string log_lines;
  for (int i = 0; i < 6 && log_lines.empty(); i++) {
    const Result<BatchOutcome> outcome = apply(batch_of(rows_of(i)));
    if (!outcome) log_lines = to_string(outcome.error());
  }
  EXPECT_THAT(log_lines, ::testing::HasSubstr("http://two:4200"));
}

TEST_P(CratePartialFaults, ThePortOfPostgresIsExplained) {
  options.url.hosts = {{"db", 5432}};
  for (const bool answers : {false, true}) {
    server().intercept = [answers](const net::HttpRequest&) -> Reply {
      if (!answers) return fail(ErrorKind::unreachable, "the connection broke off");
      return net::HttpResponse{.status = 200, .headers = {}, .body = "E"};
    };
    sink = backend->make_sink(options);
    const Result<bool> connected = await<bool>([&](auto done) { sink->connect(std::move(done)); });
    ASSERT_FALSE(connected);
    EXPECT_THAT(connected.error().hint, ::testing::HasSubstr("4200"));
  }
}

INSTANTIATE_TEST_SUITE_P(CrateDb, CratePartialFaults, ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
