// What goes wrong between this sink and a server, and what it makes of it.
#include <gmock/gmock.h>

#include <deque>

#include "sink/cratedb/cratedb_backends_test.h"

namespace ctk::sink::testing {
namespace {

using cratedb::testing::error_response;
using cratedb::testing::json_response;
using std::chrono::seconds;
using ::testing::HasSubstr;
using Kind = ChangeOutcome::Kind;
using Reply = std::optional<Result<net::HttpResponse>>;

class CrateFaults : public OnFakeCrateDb {
 protected:
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
      {net::HttpResponse{.status = 401, .headers = {{"www-authenticate", "Basic"}}, .body = "no such user"},
       ErrorKind::denied},
      {net::HttpResponse{.status = 401, .headers = {}, .body = "<html>no</html>"}, ErrorKind::unreachable},
      {net::HttpResponse{.status = 404, .headers = {}, .body = "<html>no</html>"}, ErrorKind::unreachable},
      {net::HttpResponse{.status = 400, .headers = {}, .body = "<html>no</html>"}, ErrorKind::unreachable},
      {net::HttpResponse{.status = 302, .headers = {}, .body = ""}, ErrorKind::unreachable},
      {json_response(403, R"({"error":{"message":"no","code":403}})"), ErrorKind::unreachable},
      {json_response(404, R"({"error":{"message":"SchemaUnknownExc)"), ErrorKind::unreachable},
      {json_response(200, R"({"status":"ok"})"), ErrorKind::unreachable},
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

TEST_P(CrateFaults, AWalkThatFailsSaysWhatItRead) {
  apply(Changes{change});
  server().intercept = [](const net::HttpRequest& request) -> Reply {
    if (request.body.find("SELECT") == std::string::npos) return std::nullopt;
    return error_response({4011, "MissingPrivilegeException[Missing 'DQL' privilege for user 'x']"});
  };
  const auto spec = std::make_shared<const table::TableSpec>(opened->renderer->spec());
  const auto keys = await<KeyPage>([&](auto done) { sink->read_keys(spec, {}, 7, std::move(done)); });
  ASSERT_FALSE(keys);
  EXPECT_THAT(to_string(keys.error()), HasSubstr("reading keys of"));
  const RowVisit visit = [](const auto&, auto, auto) { return true; };
  const auto rows = await<bool>([&](auto done) { sink->walk_rows(spec, visit, std::move(done)); });
  ASSERT_FALSE(rows);
  EXPECT_THAT(to_string(rows.error()), HasSubstr("reading rows of"));
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

TEST_P(CrateFaults, OneShortageAmongOtherFailuresMakesNoRequestSmaller) {
  std::deque<int> statuses = {502, 503, 429, 502, 503, 429};
  std::vector<size_t> sent;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (!is_upsert(request)) return std::nullopt;
    sent.push_back(rows_in(request));
    if (statuses.empty()) return std::nullopt;
    const int status = statuses.front();
    statuses.pop_front();
    return net::HttpResponse{.status = status, .headers = {}, .body = "<html>no</html>"};
  };
  apply(many(50));
  EXPECT_EQ(sent, std::vector<size_t>(7, 50));
}

TEST_P(CrateFaults, TooLargeARequestIsHalved) {
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (!is_upsert(request) || rows_in(request) <= 20) return std::nullopt;
    return net::HttpResponse{.status = 413, .headers = {}, .body = ""};
  };
  const std::string image = R"({"text":{"S":")" + std::string(1000, 'x') + R"("}})";
  Changes large;
  for (int i = 0; i < 50; i++) large.push_back(put(1, text_key("k" + std::to_string(i)), image));
  apply(large);
  EXPECT_EQ(items().size(), 50u);
}

TEST_P(CrateFaults, ASmallRequestIsNotTooLarge) {
  const net::HttpResponse too_large{.status = 413, .headers = {}, .body = ""};
  answer_upserts(too_large, 3);
  apply(many(5));
  EXPECT_EQ(items().size(), 5u);
  answer_upserts(too_large);
  EXPECT_EQ(kind_of_failure(), ErrorKind::refused) << "where it lasts, it is said";
  EXPECT_THAT(message, HasSubstr("HTTP status 413"));
  EXPECT_TRUE(letters().empty());
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

TEST_P(CrateFaults, OnErrorStopEndsTheBatch) {
  answer_upserts(error_response({4000, "SQLParseException[never]"}));
  auto batch = std::make_shared<Batch>(*batch_of(Changes{change}));
  batch->stop_on_refusal = true;
  const Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  ASSERT_EQ(outcome->refused.size(), 1u);
  EXPECT_EQ(outcome->refused[0].change, change);
  EXPECT_THAT(outcome->refused[0].reason, HasSubstr("never"));
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

TEST_P(CrateFaults, TheEpochIsAskedForOnceASecondAndARaisedOneIsNoticed) {
  apply(Changes{put(1, text_key("first"), "{}")});  // notes a witness
  let_pass(*backend, std::chrono::seconds(1));
  int questions = 0;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (request.body.find("FROM \\\"test\\\".\\\"ctk_tables\\\"") != std::string::npos) questions++;
    return std::nullopt;
  };
  for (int i = 0; i < 20; i++) apply(Changes{put(1, text_key(std::to_string(i)), "{}")});
  EXPECT_EQ(questions, 1);

  auto other = backend->make_sink(options);
  coordination::TableRegistration again = registration_of(opened->renderer->spec());
  again.incarnation = coordination::Incarnation("another life");
  again.reset = true;
  const auto raised = await<OpenTable>([&](auto done) { other->open(opened->renderer->spec(), again, std::move(done)); });
  ASSERT_TRUE(raised) << to_string(raised.error());
  let_pass(*backend, std::chrono::seconds(1));
  for (int i = 0; i < 2; i++) {  // and is not forgotten
    const Result<BatchOutcome> late = apply(batch_of(Changes{put(1, text_key("late"), "{}")}));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, ErrorKind::stale_epoch);
  }
  EXPECT_FALSE(items().contains("late"));
}

TEST_P(CrateFaults, BatchesAtOnceNoteTheFirstRowsOnce) {
  server().latency = std::chrono::milliseconds(5);
  int notes = 0;
  int refreshes = 0;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (request.body.find("UPDATE \\\"test\\\".\\\"ctk_tables\\\"") != std::string::npos) notes++;
    if (request.body.find("REFRESH") != std::string::npos) refreshes++;
    return std::nullopt;
  };
  int done = 0;
  for (int i = 0; i < 4; i++) {
    sink->apply(batch_of(Changes{put(1, text_key(std::to_string(i)), "{}")}), [&](const Result<BatchOutcome>& outcome) {
      EXPECT_TRUE(outcome) << to_string(outcome.error());
      done++;
    });
  }
  ASSERT_TRUE(backend->run_until([&] { return done == 4; }));
  EXPECT_EQ(notes, 1);
  EXPECT_EQ(refreshes, 0) << "it would wait for everything that is being written";
  EXPECT_FALSE(record_of(*sink, "demo")->witnesses.empty());
}

TEST_P(CrateFaults, AHotKeyDoesNotCrowdOutTheOtherWitnesses) {
  apply(many(8));
  const coordination::Witnesses before = record_of(*sink, "demo")->witnesses;
  ASSERT_EQ(before.size(), coordination::kMostWitnesses);
  for (uint64_t i = 0; i < 20; i++) {
    apply(Changes{put(2 + i, text_key("hot"), "{}")});
    ASSERT_TRUE(sweep(std::chrono::hours(24)));
  }
  const coordination::Witnesses after = record_of(*sink, "demo")->witnesses;
  EXPECT_EQ(after.size(), coordination::kMostWitnesses);
  const auto stayed = std::ranges::count_if(before, [&](const auto& witness) { return after.contains(witness.first); });
  EXPECT_EQ(stayed, static_cast<ptrdiff_t>(coordination::kMostWitnesses) - 1);
}

TEST_P(CrateFaults, MarksWaitForTheFloor) {
  using coordination::PositionMove;
  const aws::ShardId shard("s1");
  const auto held = acquire(*sink, "w", {{shard, shards::Position::trim_horizon()}});
  apply(Changes{put(1, text_key("a"), "{}"), removal(2, text_key("b")), removal(2, text_key("c"))});
  const Timestamp later = from_micros(1'700'000'100'000'000);
  const PositionMove move{
      shard, shards::Position::trim_horizon(), shards::Position::after(aws::SequenceNumber("5")), later, {}};
  const auto moved = move_alone(*sink, held.fence, {move});
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
  EXPECT_EQ(swept->tombstones_left, 0u);
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

bool is_alter(const net::HttpRequest& request) { return request.body.find("ALTER TABLE") != std::string::npos; }

TEST_P(CrateFaults, NoAlterIsRefusedInNormalLife) {
  int altered = 0;
  int refused = 0;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (!is_alter(request)) return std::nullopt;
    net::HttpResponse response = server().answer(request);
    altered++;
    if (response.status != 200) refused++;
    return response;
  };
  // Every path in many types: whichever comes first, the others must not be tried.
  const std::vector<std::string> values = {R"({"S":"x"})",
                                           R"({"N":"1"})",
                                           R"({"BOOL":true})",
                                           R"({"M":{"k":{"N":"1"}}})",
                                           R"({"L":[{"M":{"k":{"S":"5"}}}]})",
                                           R"({"SS":["a"]})",
                                           R"({"L":[{"N":"1"}]})",
                                           R"({"M":{"k":{"M":{"x":{"S":"y"}}}}})",
                                           R"({"NULL":true})"};
  Changes changes;
  std::map<std::string, std::string> images;
  for (size_t i = 0; i < 400; i++) {
    const std::string key = "k" + std::to_string(i);
    images[key] = R"({"p)" + std::to_string(i % 7) + R"(":)" + values[i * 31 % values.size()] + R"(,"q":{"M":{"r)" +
                  std::to_string(i % 5) + R"(":)" + values[i * 17 % values.size()] + "}}}";
    changes.push_back(put(i + 2, text_key(key), images[key]));
  }
  for (size_t from = 0; from < changes.size(); from += 80) {
    apply(Changes(changes.begin() + static_cast<ptrdiff_t>(from), changes.begin() + static_cast<ptrdiff_t>(from + 80)));
  }
  const auto stored = items();
  for (const auto& [key, image] : images) EXPECT_EQ(stored.at(key), expected(image)) << key;
  EXPECT_GT(altered, 0);
  EXPECT_LE(altered, 5);
  EXPECT_EQ(refused, 0);
}

TEST_P(CrateFaults, ALimitThatTheServerCountsInItsOwnWayIsFinal) {
  int refused = 0;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (!is_alter(request)) return std::nullopt;
    refused++;
    return error_response({4000, "SQLParseException[Limit of total columns [1000] in table [test.demo] exceeded]"});
  };
  for (uint64_t i = 0; i < 20; i++) {
    apply(Changes{put(2 + i, text_key("a"), R"({"n)" + std::to_string(i) + R"(":{"N":"1"},"m":{"N":"1"}})")});
  }
  EXPECT_EQ(items().at("a"), R"({"m":1,"n19":1})");
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(
      std::ranges::count_if(backend->log_lines(), [](const std::string& line) { return line.contains("as many columns"); }),
      1);
}

TEST_P(CrateFaults, SlowDdlIsSaid) {
  server().delay = [](const net::HttpRequest& request) { return is_alter(request) ? seconds(5) : seconds(0); };
  apply(Changes{put(2, text_key("a"), R"({"m":{"N":"1"}})")});
  EXPECT_EQ(std::ranges::count(backend->log_lines(), "CrateDB takes its time doing=adding 1 columns to test.demo"), 1);
  server().delay = [](const net::HttpRequest&) { return seconds(1); };
  apply(Changes{put(3, text_key("a"), R"({"k":{"N":"1"}})")});
  EXPECT_EQ(
      std::ranges::count_if(backend->log_lines(), [](const std::string& line) { return line.contains("takes its time"); }),
      1);
}

TEST_P(CrateFaults, ARuleOfTheUsersOwnIsNotTheKeysFault) {
  const std::pair<const char*, bool> refusals[] = {
      {R"(SQLParseException[\"mine\" must not be null])", false},
      {R"(SQLParseException[Failed CONSTRAINT positive CHECK (\"mine\" > 0) for values: [x, -1]])", false},
      {"SQLParseException[Cannot cast value to type `bigint`]", true}};
  const auto numbered = put(1, R"({"n":{"N":"1"}})", "{}");
  open(*numbered, "numbered");
  for (const auto& [words, is_key] : refusals) {
    server().intercept = [log_lines = std::string(words)](const net::HttpRequest& request) -> Reply {
      if (request.body.find("INSERT INTO \\\"test\\\".\\\"numbered\\\"") == std::string::npos) return std::nullopt;
      return json_response(200, R"({"cols":[],"duration":1,"results":[{"rowcount":-2,"error":{"code":4000,"message":")" +
                                    log_lines + R"("}}]})");
    };
    const Result<BatchOutcome> outcome = apply(batch_of(Changes{numbered}));
    ASSERT_TRUE(outcome) << to_string(outcome.error());
    EXPECT_EQ(outcome->tables.at(0).at(0).key_refused, is_key) << words;
    EXPECT_EQ(outcome->dead_letters.at(0).reason.contains("key-type.n=text"), is_key) << outcome->dead_letters[0].reason;
  }
}

TEST_P(CrateFaults, TheServerReplacesATableByAView) {
  ASSERT_TRUE(apply(batch_of(Changes{change})));
  const std::string table = backend->quoted(name("demo"));
  ASSERT_FALSE(query("CREATE VIEW " + table + " AS SELECT pk FROM " + backend->quoted(name("ctk_tables"))));
  EXPECT_EQ(items().size(), 1u);
  ASSERT_TRUE(
      query("CREATE OR REPLACE VIEW " + table + " AS SELECT source_table FROM " + backend->quoted(name("ctk_tables"))));
  EXPECT_FALSE(query("SELECT data FROM " + table)) << "its rows are gone";
}

INSTANTIATE_TEST_SUITE_P(CrateDb, CrateFaults, ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
