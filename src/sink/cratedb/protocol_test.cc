#include "sink/cratedb/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sink/cratedb/classify.h"
#include "sink/cratedb/client.h"
#include "sink/cratedb/verdict.h"

namespace ctk::sink::cratedb {
namespace {

using ::testing::ElementsAre;

net::HttpResponse json(int status, std::string body) {
  return {.status = status, .headers = {{"content-type", "application/json; charset=UTF-8"}}, .body = std::move(body)};
}

TEST(Protocol, MakesRequests) {
  EXPECT_EQ(request_body({"select 1", "", ""}), R"({"stmt":"select 1"})");
  EXPECT_EQ(request_body({"select \"a\"", "[1]", ""}), R"({"stmt":"select \"a\"","args":[1]})");
  EXPECT_EQ(request_body({"insert", "", "[[1],[2]]"}), R"({"stmt":"insert","bulk_args":[[1],[2]]})");
}

TEST(Protocol, KeepsCellsAsTheyAreWritten) {
  const auto answer = parse_answer(json(
      200, R"({"cols":["n","o"],"col_types":[22,[100,9]],"rows":[[12345678901234567890123456789012345678,{"a":[1, "]"]}],)"
           R"([1.50,null]],"rowcount":2,"duration":1.5})"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->columns, ElementsAre("n", "o"));
  EXPECT_THAT(answer->types, ElementsAre(22, 100));
  EXPECT_THAT(answer->rows, ElementsAre(ElementsAre("12345678901234567890123456789012345678", R"({"a":[1, "]"]})"),
                                        ElementsAre("1.50", "null")));
  EXPECT_EQ(answer->rowcount, 2);
}

TEST(Protocol, ReadsWhatBecameOfEachRow) {
  const auto answer = parse_answer(
      json(200, R"({"cols":[],"duration":1,"results":[{"rowcount":1},{"rowcount":-2,"error":{"code":4091,"message":)"
                R"("DuplicateKeyException[A document with the same primary key exists already]"}},{"rowcount":-2}]})"));
  ASSERT_TRUE(answer.has_value());
  ASSERT_EQ(answer->results.size(), 3u);
  EXPECT_EQ(answer->results[0].rowcount, 1);
  EXPECT_EQ(answer->results[1].error->code, 4091);
  EXPECT_EQ(answer->results[1].error->exception, "DuplicateKeyException");
  EXPECT_FALSE(answer->results[2].error.has_value());
}

TEST(Protocol, ReadsErrorsOfEveryLayer) {
  const auto sql =
      parse_answer(json(404, R"({"error":{"message":"RelationUnknown[Relation 'doc.nope' unknown]","code":4041}})"));
  ASSERT_FALSE(sql.has_value());
  EXPECT_EQ(sql.error().code, 4041);
  EXPECT_EQ(sql.error().exception, "RelationUnknown");
  EXPECT_EQ(action_for(sql.error()), Action::wait_table);

  const auto auth = parse_answer({.status = 401,
                                  .headers = {{"www-authenticate", "Basic realm=\"CrateDB Authenticator\""}},
                                  .body = "password authentication failed for user \"relay\"\n"});
  ASSERT_FALSE(auth.has_value());
  EXPECT_EQ(auth.error().message, "password authentication failed for user \"relay\"");
  EXPECT_EQ(action_for(auth.error()), Action::deny);

  const auto size = parse_answer({.status = 413, .headers = {}, .body = ""});
  ASSERT_FALSE(size.has_value());
  EXPECT_EQ(action_for(size.error()), Action::refuse);

  const auto cut = parse_answer(json(200, R"({"cols":["a"],"rows":[[1)"));
  EXPECT_FALSE(cut.has_value());
}

TEST(Protocol, WhatIsNotCrateDbsOwnWordsPasses) {
  const std::string own = R"({"error":{"message":"SchemaUnknownException[Schema 'doc' unknown]","code":4045}})";
  std::vector<net::HttpResponse> foreign = {json(404, own.substr(0, own.size() / 2)),
                                            json(404, own.substr(0, own.size() - 1)),
                                            json(404, ""),
                                            json(403, R"({"error":{"message":"Forbidden","code":403}})"),
                                            json(400, R"({"error":{"message":"x","code":"4000"}})"),
                                            json(400, R"({"error":"bad request","status":400})"),
                                            json(404, R"({"message":"no Route matched"})"),
                                            json(200, R"({"status":"ok"})"),
                                            json(200, "{}")};
  for (const int status : {200, 302, 400, 401, 403, 404, 405, 408, 409, 425, 500, 502, 503, 504}) {
    foreign.push_back({.status = status, .headers = {{"content-type", "text/html"}}, .body = "<html>\n  no</html>\n"});
  }
  for (const net::HttpResponse& response : foreign) {
    const auto answer = parse_answer(response);
    ASSERT_FALSE(answer.has_value()) << response.status << response.body;
    EXPECT_EQ(action_for(answer.error()), Action::wait) << response.status << response.body;
    const Error error = to_error(answer.error(), "writing to doc.t");
    EXPECT_EQ(error.kind, ErrorKind::unreachable);
    EXPECT_THAT(error.message, ::testing::AllOf(::testing::HasSubstr("something between ctk and CrateDB"),
                                                ::testing::EndsWith("while writing to doc.t")));
    EXPECT_THAT(error.peer, ::testing::StartsWith("HTTP status " + std::to_string(response.status)));
  }
  EXPECT_EQ(parse_answer(foreign.back()).error().message, "HTTP status 504: <html> no</html>");
}

TEST(Protocol, ShowsTheFirstWordsOfAPage) {
  const std::string page = foreign_words({.status = 404, .headers = {}, .body = std::string(199, 'x') + "éü"});
  EXPECT_EQ(page, "HTTP status 404: " + std::string(199, 'x') + "é…");
  EXPECT_EQ(foreign_words({.status = 404, .headers = {}, .body = " \n"}), "HTTP status 404 without a word");
}

TEST(Protocol, ReadsCells) {
  EXPECT_EQ(cell_text("null"), std::nullopt);
  EXPECT_EQ(cell_text(R"("a\u00e9\"")"), "aé\"");
  EXPECT_EQ(cell_text("1.50"), "1.50");
  EXPECT_EQ(cell_text(R"("\ud800")"), "\\ud800");  // a lone surrogate
  EXPECT_EQ(cell_int("-7"), -7);
  EXPECT_EQ(cell_int("7.0"), std::nullopt);
  EXPECT_EQ(cell_bool("true"), true);
}

TEST(Classify, TellsPoisonFromShortage) {
  const auto action = [](int status, int code, std::string exception) {
    return action_for({.status = status, .code = code, .exception = std::move(exception), .message = ""});
  };
  EXPECT_EQ(action(500, 5000, "CircuitBreakingException"), Action::send_less);
  EXPECT_EQ(action(500, 5000, "EsRejectedExecutionException"), Action::send_less);
  EXPECT_EQ(action(0, 5000, "ClassCastException"), Action::refuse);
  EXPECT_EQ(action(0, 5000, "UncheckedIOException"), Action::refuse);
  EXPECT_EQ(action(500, 5000, "NullPointerException"), Action::isolate);
  EXPECT_EQ(action(400, 4000, "SQLParseException"), Action::refuse);
  EXPECT_EQ(action(403, 4037, "ClusterBlockException"), Action::blocked);
  EXPECT_EQ(action(401, 4011, "MissingPrivilegeException"), Action::deny);
  EXPECT_EQ(action(503, 0, ""), Action::wait);
  EXPECT_EQ(action(0, 5002, "UnavailableShardsException"), Action::wait);
}

TEST(Verdict, SplitsUntilTheRowIsAlone) {
  EXPECT_EQ(judge_request(Action::refuse, 7, false), RequestVerdict::split);
  EXPECT_EQ(judge_request(Action::refuse, 1, false), RequestVerdict::refuse);
  EXPECT_EQ(judge_request(Action::send_less, 2, false), RequestVerdict::split);
  EXPECT_EQ(judge_request(Action::send_less, 1, true), RequestVerdict::give_up);
  EXPECT_EQ(judge_request(Action::isolate, 1, false), RequestVerdict::give_up);
  EXPECT_EQ(judge_request(Action::isolate, 1, true), RequestVerdict::refuse);
  EXPECT_EQ(judge_request(Action::wait_table, 7, true), RequestVerdict::give_up);
  EXPECT_EQ(judge_request(Action::deny, 7, true), RequestVerdict::give_up);
}

TEST(Verdict, TakesOnlyOneForAnUpsert) {
  EXPECT_EQ(judge_row({1, {}}), RowVerdict::applied);
  EXPECT_EQ(judge_row({0, {}}), RowVerdict::unsaid);
  EXPECT_EQ(judge_row({-2, {}}), RowVerdict::unsaid);
  EXPECT_EQ(judge_row({-2, ServerError{0, 4000, "SQLParseException", ""}}), RowVerdict::refused);
  EXPECT_EQ(judge_row({-2, ServerError{0, 5002, "UnavailableShardsException", ""}}), RowVerdict::later);
}

TEST(NodeRing, TakesTurnsAndSetsTheSilentAside) {
  using std::chrono::seconds;
  NodeRing ring(3);
  EXPECT_EQ(ring.pick(seconds(0)), 0u);
  EXPECT_EQ(ring.pick(seconds(0)), 1u);
  ring.failed(2, seconds(0));
  EXPECT_EQ(ring.pick(seconds(1)), 0u);
  EXPECT_EQ(ring.pick(seconds(1)), 1u);
  EXPECT_EQ(ring.pick(seconds(31)), 2u);
  ring.failed(0, seconds(31));
  ring.failed(1, seconds(32));
  ring.failed(2, seconds(33));
  EXPECT_EQ(ring.pick(seconds(34)), 0u);  // the soonest to be free
}

}  // namespace
}  // namespace ctk::sink::cratedb
