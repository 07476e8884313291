#include "engines/runtime_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/http_testing.h"
#include "base/testing/answer.h"

namespace ctk::engines {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

class RuntimeApiTest : public testing::Test {
 protected:
  Result<Invocation> next(net::HttpResponse response) {
    http.answers.emplace_back(std::move(response));
    return answer_of<Invocation>(loop, [&](Done<Invocation> done) { api.next(std::move(done)); });
  }
  template <class Call>
  Result<bool> heard(int status, Call call) {
    http.answer(status, "");
    return answer_of<bool>(loop, call);
  }

  VirtualLoop loop{from_micros(1'795'000'000'000'000)};
  aws::FakeHttp http{loop};
  RuntimeApi api{http, "127.0.0.1:9001"};
};

TEST_F(RuntimeApiTest, TheNextInvocation) {
  const auto invocation = next({200,
                                {{"lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"},
                                 {"lambda-runtime-deadline-ms", "1542409706888"}},
                                "{}"});
  ASSERT_TRUE(invocation) << to_string(invocation.error());
  EXPECT_EQ(invocation->id, "8476a536-e9f4-11e8-9739-2dfe598c3fcd");
  EXPECT_EQ(invocation->deadline, from_micros(1'542'409'706'888'000));
  EXPECT_EQ(invocation->event, "{}");
  EXPECT_EQ(http.requests[0].method, "GET");
  EXPECT_EQ(http.requests[0].url, "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next");
  EXPECT_GT(http.requests[0].timeout, std::chrono::days(1)) << "frozen in between";
  EXPECT_TRUE(http.requests[0].direct);
}

TEST_F(RuntimeApiTest, OddInvocations) {
  for (const char* deadline : {"", "soon", "-1", "99999999999999999999"}) {
    const auto odd = next({200, {{"lambda-runtime-aws-request-id", "1"}, {"lambda-runtime-deadline-ms", deadline}}, "{}"});
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->deadline, kNoTime) << deadline;
  }
  EXPECT_FALSE(next({200, {}, "{}"}));
  EXPECT_FALSE(next({200, {{"lambda-runtime-aws-request-id", "../x"}}, "{}"}));
  EXPECT_FALSE(next({500, {}, "down"}));
}

TEST_F(RuntimeApiTest, Answers) {
  EXPECT_TRUE(heard(202, [&](Done<bool> done) { api.answer("r", "{}", std::move(done)); }).value());
  EXPECT_EQ(http.requests[0].url, "http://127.0.0.1:9001/2018-06-01/runtime/invocation/r/response");
  EXPECT_EQ(http.requests[0].body, "{}");
  EXPECT_FALSE(heard(400, [&](Done<bool> done) { api.answer("r", "{}", std::move(done)); }).value()) << "timed out";
  EXPECT_FALSE(heard(500, [&](Done<bool> done) { api.answer("r", "{}", std::move(done)); }));
}

TEST_F(RuntimeApiTest, Errors) {
  const RuntimeError error = runtime_error_of({ErrorKind::denied, "wrong password", "FATAL: \"x\"", "look"});
  EXPECT_TRUE(heard(202, [&](Done<bool> done) { api.refuse("r", error, std::move(done)); }).value());
  EXPECT_EQ(http.requests[0].url, "http://127.0.0.1:9001/2018-06-01/runtime/invocation/r/error");
  EXPECT_THAT(http.requests[0].headers, Contains(Pair("Lambda-Runtime-Function-Error-Type", "ctk.denied")));
  EXPECT_EQ(http.requests[0].body,
            R"x({"errorMessage":"wrong password: FATAL: \"x\" (look)","errorType":"ctk.denied","stackTrace":[]})x");
  EXPECT_TRUE(heard(202, [&](Done<bool> done) { api.fail_init(error, std::move(done)); }).value());
  EXPECT_EQ(http.requests[1].url, "http://127.0.0.1:9001/2018-06-01/runtime/init/error");
  EXPECT_THAT(http.requests[1].body, HasSubstr("wrong password"));
}

}  // namespace
}  // namespace ctk::engines
