// What the tests of the HTTP clients share: canned answers, canned credentials, a call that runs to its completion.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "base/event_loop.h"
#include "net/http.h"

namespace ctk::aws {

/// Answers requests in order with what it was given, and keeps them.
class FakeHttp final : public net::HttpClient {
 public:
  explicit FakeHttp(EventLoop& loop) : loop_(loop) {}

  void send(net::HttpRequest request, net::HttpDone done) override {
    requests.push_back(std::move(request));
    Result<net::HttpResponse> answer = fail(ErrorKind::internal, "no answer was prepared");
    if (!answers.empty()) {
      answer = std::move(answers.front());
      answers.pop_front();
    }
    loop_.post([answer = std::move(answer), done = std::move(done)]() mutable { done(std::move(answer)); });
  }
  void answer(int status, std::string body, std::string date = "") {
    net::HttpResponse response{status, {}, std::move(body)};
    if (!date.empty()) response.headers.emplace_back("date", date);
    answers.emplace_back(std::move(response));
  }

  std::vector<net::HttpRequest> requests;
  std::deque<Result<net::HttpResponse>> answers;

 private:
  EventLoop& loop_;
};

/// Gives "KEY0", and the next one each time that a service refuses the one before.
class FakeCredentials final : public CredentialSource {
 public:
  explicit FakeCredentials(EventLoop& loop) : loop_(loop) {}

  void get(Done<Credentials> done) override {
    Result<Credentials> found =
        Credentials{AccessKeyId("KEY" + std::to_string(renewals)), Secret("secret"), std::nullopt, "test"};
    if (fails) found = fail(ErrorKind::denied, "no AWS credentials found");
    loop_.post([found = std::move(found), done = std::move(done)]() mutable { done(std::move(found)); });
  }
  void refused(const Credentials& credentials) override {
    if (credentials.access_key.str() == "KEY" + std::to_string(renewals) && !fixed) ++renewals;
  }
  int renewals = 0;
  bool fails = false;
  bool fixed = false;  ///< there are no others

 private:
  EventLoop& loop_;
};

inline std::string header(const net::HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

/// Runs jobs at once and counts them.
class CountingExecutor final : public Executor {
 public:
  explicit CountingExecutor(EventLoop& loop) : inline_(loop) {}
  void submit(Job job, Job done) override {
    ++submitted;
    inline_.submit(std::move(job), std::move(done));
  }
  int submitted = 0;

 private:
  InlineExecutor inline_;
};

/// A client on a virtual clock.
class HttpClientTest : public testing::Test {
 protected:
  /// Makes a call and runs the loop until its completion has come.
  template <class T, class Start>
  Result<T> run(Start start) {
    std::optional<Result<T>> result;
    start([&](Result<T> answer) { result = std::move(answer); });
    EXPECT_FALSE(result) << "completed from inside the call";
    loop_.run_until_idle(std::chrono::hours(1));
    EXPECT_TRUE(result);
    return result ? std::move(*result) : Result<T>(fail(ErrorKind::internal, "no completion"));
  }

  VirtualLoop loop_{parse_timestamp("2026-11-22T03:32:55Z").value()};
  CountingExecutor decoder_{loop_};
  FakeHttp http_{loop_};
  FakeCredentials credentials_{loop_};
};

}  // namespace ctk::aws
