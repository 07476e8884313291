// What goes wrong between this sink and a server, and what it makes of it.
#include <gmock/gmock.h>

#include "sink/cratedb/cratedb_backends_test.h"

namespace ctk::sink::testing {
namespace {

using cratedb::testing::error_response;
using cratedb::testing::FakeCrateDb;
using cratedb::testing::json_response;
using ::testing::HasSubstr;
using Kind = ChangeOutcome::Kind;
using Reply = std::optional<Result<net::HttpResponse>>;

class CrateFaults : public Conformance {
 protected:
  void SetUp() override {
    Conformance::SetUp();
    change = put(1, text_key("a"), R"({"n":{"N":"1"}})");
    open(*change);
  }

  FakeCrateDb& server() { return fake_server(*backend); }

  static bool is_upsert(const net::HttpRequest& request) {
    return request.body.find("INSERT INTO \\\"test\\\".\\\"demo\\\"") != std::string::npos;
  }
  static size_t rows_in(const net::HttpRequest& request) {
    const std::string version = "\"00000001.";
    size_t rows = 0;
    for (size_t at = request.body.find(version); at != std::string::npos; at = request.body.find(version, at + 1)) rows++;
    return rows;
  }

  /// Upserts get this answer, while `times` lasts.
  void answer_upserts(Result<net::HttpResponse> answer, int times = 1'000'000) {
    server().intercept = [answer, times](const net::HttpRequest& request) mutable -> Reply {
      if (!is_upsert(request) || times-- <= 0) return std::nullopt;
      return answer;
    };
  }

  ErrorKind kind_of_failure() {
    const Result<BatchOutcome> outcome = apply(batch_of(Changes{change}));
    if (outcome) return ErrorKind::internal;
    message = to_string(outcome.error());
    return outcome.error().kind;
  }

  /// `count` changes of keys of their own.
  static Changes many(int count) {
    Changes changes;
    for (int i = 0; i < count; i++) changes.push_back(put(1, text_key("k" + std::to_string(i)), R"({"n":{"N":"1"}})"));
    return changes;
  }

  std::shared_ptr<const dynamodb::Change> change;
  std::string message;
};

TEST_P(CrateFaults, EveryErrorOfAWholeRequestHasItsKind) {
  const std::pair<net::HttpResponse, ErrorKind> cases[] = {
      {error_response({4041, "RelationUnknown[Relation 'test.demo' unknown]"}), ErrorKind::not_found},
      {error_response({4045, "SchemaUnknownException[Schema 'test' unknown]"}), ErrorKind::not_found},
      {error_response({4037, "ClusterBlockException[blocked by: …]"}), ErrorKind::refused},
      {error_response({4007, "OperationOnInaccessibleRelationException[…]"}), ErrorKind::refused},
      {error_response({4011, "MissingPrivilegeException[Missing 'DML' privilege for user 'x']"}), ErrorKind::denied},
      {error_response({5002, "UnavailableShardsException[…]"}), ErrorKind::unreachable},
      {error_response({5000, "CircuitBreakingException[Allocating …]"}), ErrorKind::throttled},
      {error_response({5000, "NullPointerException[…]"}), ErrorKind::unreachable},
      {net::HttpResponse{.status = 429, .headers = {}, .body = ""}, ErrorKind::throttled},
      {net::HttpResponse{.status = 503, .headers = {}, .body = ""}, ErrorKind::unreachable},
      {net::HttpResponse{.status = 401, .headers = {}, .body = "password authentication failed"}, ErrorKind::denied},
  };
  for (const auto& [response, kind] : cases) {
    answer_upserts(response);
    EXPECT_EQ(kind_of_failure(), kind) << response.body;
    EXPECT_TRUE(letters().empty());
  }
  answer_upserts(fail(ErrorKind::unreachable, "connection refused"));
  EXPECT_EQ(kind_of_failure(), ErrorKind::unreachable);
  EXPECT_THAT(message, HasSubstr("connection refused"));
  // And it all passes.
  server().intercept = nullptr;
  apply(Changes{change});
  EXPECT_EQ(items().at("a"), R"({"n":1})");
}

TEST_P(CrateFaults, AShortOfMemoryServerGetsLess) {
  size_t largest = 0;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (!is_upsert(request)) return std::nullopt;
    if (rows_in(request) > 7)
      return error_response({5000, "CircuitBreakingException[Allocating 1mb for 'upsert request' failed]"});
    largest = std::max(largest, rows_in(request));
    return std::nullopt;
  };
  apply(many(50));
  EXPECT_EQ(items().size(), 50u);
  EXPECT_GT(largest, 3u);
}

TEST_P(CrateFaults, TooLargeARequestIsHalved) {
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (!is_upsert(request) || rows_in(request) <= 20) return std::nullopt;
    return net::HttpResponse{.status = 413, .headers = {}, .body = ""};
  };
  apply(many(50));
  EXPECT_EQ(items().size(), 50u);
}

TEST_P(CrateFaults, RowsThatFailForAWhileFailTheCall) {
  answer_upserts(json_response(200,
                               R"({"cols":[],"duration":1,"results":[{"rowcount":-2,"error":{"code":5002,)"
                               R"("message":"UnavailableShardsException[[demo][1] primary shard is not active]"}}]})"));
  EXPECT_EQ(kind_of_failure(), ErrorKind::unreachable);
  EXPECT_TRUE(letters().empty());
}

TEST_P(CrateFaults, WhatIsRefusedInEveryFormIsADeadLetterAndTheNextLowerIsTried) {
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (!is_upsert(request) || request.body.find("poison") == std::string::npos) return std::nullopt;
    return error_response({4000, "SQLParseException[nobody likes poison]"});
  };
  const BatchOutcome outcome =
      apply(Changes{put(3, text_key("a"), R"({"s":{"S":"poison"}})"), put(2, text_key("a"), R"({"s":{"S":"good"}})"),
                    put(1, text_key("b"), R"({"s":{"S":"fine"}})"), put(2, text_key("c"), R"({"s":{"S":"poison"}})")});
  ASSERT_EQ(outcome.tables[0].size(), 3u);
  EXPECT_EQ(outcome.tables[0][0].kind, Kind::applied);
  EXPECT_EQ(outcome.tables[0][0].parked, 1);
  EXPECT_EQ(outcome.tables[0][1].kind, Kind::applied);
  EXPECT_EQ(outcome.tables[0][2].kind, Kind::parked);
  EXPECT_EQ(outcome.dead_letters.size(), 2u);
  EXPECT_EQ(items().at("a"), R"({"s":"good"})");
  EXPECT_EQ(items().at("b"), R"({"s":"fine"})");
  EXPECT_FALSE(items().contains("c"));
  const std::vector<DeadLetter> kept = letters();
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_THAT(kept[0].reason, HasSubstr("nobody likes poison"));
  EXPECT_EQ(kept[0].kind, "refused");
  EXPECT_THAT(kept[0].change, HasSubstr("poison"));
}

TEST_P(CrateFaults, ARowWithoutAReasonIsAskedForAgain) {
  // An older server: never a reason.
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (!is_upsert(request) || rows_in(request) == 1) return std::nullopt;
    std::string results;
    for (size_t i = 0; i < rows_in(request); i++) results += (i > 0 ? "," : "") + std::string(R"({"rowcount":-2})");
    return json_response(200, R"({"cols":[],"results":[)" + results + "]}");
  };
  apply(many(35));
  EXPECT_EQ(items().size(), 35u);
}

TEST_P(CrateFaults, OnErrorStopFailsTheCall) {
  answer_upserts(error_response({4000, "SQLParseException[never]"}));
  auto batch = std::make_shared<Batch>(*batch_of(Changes{change}));
  batch->stop_on_refusal = true;
  const Result<BatchOutcome> outcome = apply(batch);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::refused);
  EXPECT_THAT(outcome.error().peer, HasSubstr("never"));
  EXPECT_TRUE(letters().empty());
}

TEST_P(CrateFaults, AColumnThatTheServerRefusesIsLeftAlone) {
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (request.body.find("ALTER TABLE") == std::string::npos || request.body.find("['odd']") == std::string::npos)
      return std::nullopt;
    return error_response({4008, "InvalidColumnNameException[\"odd\" is odd]"});
  };
  apply(Changes{put(1, text_key("b"), R"({"odd":{"S":"x"},"p":{"S":"y"},"q":{"M":{"odd":{"S":"z"}}}})")});
  EXPECT_EQ(items().at("b"), R"({"odd":"x","p":"y","q":{"odd":"z"}})");
  EXPECT_EQ(opened->renderer->types().paths.at({"odd"}).kind, table::LearnedType::Kind::unusable);
  EXPECT_EQ(opened->renderer->types().paths.at({"p"}).kind, table::LearnedType::Kind::text);
}

TEST_P(CrateFaults, ASilentNodeIsSetAside) {
  options.url.hosts = {{"one", 4200}, {"two", std::nullopt}};
  sink = backend->make_sink(options);
  std::vector<std::string> asked;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    asked.push_back(request.url.substr(0, request.url.find('/', 8)));
    if (asked.back() == "http://one:4200") return fail(ErrorKind::unreachable, "connection refused");
    return std::nullopt;
  };
  const auto connect = [&] { return await<bool>([&](auto done) { sink->connect(std::move(done)); }); };
  EXPECT_TRUE(connect()) << "the other one answers";
  EXPECT_TRUE(connect());
  EXPECT_TRUE(connect());
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "http://one:4200"), 1);
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "http://two:4200"), 6);
}

TEST_P(CrateFaults, AWrongPasswordIsDeniedAtOnce) {
  server().authorization = "Basic Y3JhdGU6czNjcmV0";  // crate:s3cret
  options.url.user = "crate";
  options.url.password = Secret("wrong");
  sink = backend->make_sink(options);
  Result<bool> connected = await<bool>([&](auto done) { sink->connect(std::move(done)); });
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind, ErrorKind::denied);
  EXPECT_EQ(to_string(connected.error()).find("wrong"), std::string::npos);
  options.url.password = Secret("s3cret");
  sink = backend->make_sink(options);
  connected = await<bool>([&](auto done) { sink->connect(std::move(done)); });
  EXPECT_TRUE(connected);
}

TEST_P(CrateFaults, AnOldServerIsRefused) {
  server().intercept = [](const net::HttpRequest& request) -> Reply {
    if (request.method != "GET") return std::nullopt;
    return json_response(200, R"({"ok":true,"status":200,"version":{"number":"4.6.8"}})");
  };
  const Result<bool> connected = await<bool>([&](auto done) { sink->connect(std::move(done)); });
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind, ErrorKind::refused);
}

TEST_P(CrateFaults, ALateAnswerFindsNobody) {
  bool answered = false;
  sink->apply(batch_of(Changes{change}), [&](Result<BatchOutcome>) { answered = true; });
  sink.reset();
  let_pass(*backend, std::chrono::seconds(1));
  EXPECT_FALSE(answered);
}

TEST_P(CrateFaults, CloseWaitsForWhatIsUnderWay) {
  std::vector<std::string> order;
  sink->apply(batch_of(Changes{change}), [&](Result<BatchOutcome>) { order.emplace_back("applied"); });
  sink->close([&](Result<bool>) { order.emplace_back("closed"); });
  let_pass(*backend, std::chrono::seconds(1));
  EXPECT_THAT(order, ::testing::ElementsAre("applied", "closed"));
}

TEST_P(CrateFaults, MarksWaitForTheFloor) {
  using coordination::PositionMove;
  const aws::ShardId shard("s1");
  const auto held = claim(*sink, "w", {{shard, shards::Position::trim_horizon()}});
  apply(Changes{put(1, text_key("a"), "{}"), removal(2, text_key("b")), removal(2, text_key("c"))});
  const Timestamp later = from_micros(1'700'000'100'000'000);
  const auto moved = await<bool>([&](auto done) {
    PositionMove move{
        shard, shards::Position::trim_horizon(), shards::Position::after(aws::SequenceNumber("5")), later, {}};
    sink->positions().move(relay, held.fence, {move}, std::move(done));
  });
  ASSERT_TRUE(moved) << to_string(moved.error());

  SweepRequest request;
  request.table = opened->record.table;
  request.relay = relay;
  request.floor = std::chrono::minutes(15);
  const auto sweep = [&] { return await<SweepOutcome>([&](auto done) { sink->sweep(request, std::move(done)); }); };
  EXPECT_EQ(sweep()->swept, 0u);
  let_pass(*backend, std::chrono::minutes(14));
  EXPECT_EQ(sweep()->swept, 0u);
  let_pass(*backend, std::chrono::minutes(2));
  const Result<SweepOutcome> swept = sweep();
  ASSERT_TRUE(swept);
  EXPECT_EQ(swept->swept, 2u);
  EXPECT_EQ(swept->marks_left, 0u);
  EXPECT_EQ(swept->living, 1u);
}

TEST_P(CrateFaults, AMarkStaysWhileALowerDeadLetterIsOpen) {
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (!is_upsert(request) || request.body.find("poison") == std::string::npos) return std::nullopt;
    return error_response({4000, "SQLParseException[nobody likes poison]"});
  };
  apply(Changes{put(1, text_key("b"), R"({"s":{"S":"poison"}})")});
  apply(Changes{removal(2, text_key("b")), removal(2, text_key("c"))});
  SweepRequest request;
  request.table = opened->record.table;
  request.relay = relay;
  request.explicit_grace = true;
  request.watermark = from_micros(1'700'000'100'000'000);
  const auto swept = await<SweepOutcome>([&](auto done) { sink->sweep(request, std::move(done)); });
  ASSERT_TRUE(swept) << to_string(swept.error());
  EXPECT_EQ(swept->swept, 1u);
  EXPECT_EQ(items(), (std::map<std::string, std::string>{{"b", "deleted"}}));
}

INSTANTIATE_TEST_SUITE_P(CrateDb, CrateFaults, ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
