// For tests only: a case of AWS's published credential vectors, played.
#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <string>

#include "aws/credentials/credential_chain.h"
#include "aws/test_vectors.h"
#include "base/event_loop.h"
#include "json/reader.h"

namespace ctk::aws {

/// Answers requests with the exchanges of a case's http-traffic.json, in order; wants the method and the address without
/// its query to be the same.
class ReplayedHttp final : public net::HttpClient {
 public:
  ReplayedHttp(EventLoop& loop, const std::filesystem::path& folder) : loop_(loop) {
    json::Parser parser;
    const std::string text = test_vectors::read_text(folder / "http-traffic.json").value();
    json::Array events = json::member(parser.parse(text).value(), "events")->get_array().value();
    for (json::Element event : events) {
      const json::Element action = *json::member(event, "action");
      if (auto asked = json::member(action, "Request")) begin(*json::member(*asked, "request"));
      if (auto answered = json::member(action, "Response")) answer(*json::member(*answered, "response"));
      if (auto data = json::member(action, "Data")) append(*data);
    }
  }

  void send(net::HttpRequest request, net::HttpDone done) override {
    Result<net::HttpResponse> answer = fail(ErrorKind::internal, "the case has no more exchanges");
    if (!exchanges_.empty()) {
      Exchange next = std::move(exchanges_.front());
      exchanges_.pop_front();
      const std::string asked = request.method + " " + bare(request.url);
      answer = std::move(next.answer);
      if (asked != next.request) wrong_ = "asked " + asked + ", the case has " + next.request;
    }
    loop_.post([done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
  }

  /// The first request that the case does not have, or "".
  const std::string& wrong() const { return wrong_; }
  bool all_played() const { return exchanges_.empty(); }

 private:
  struct Exchange {
    std::string request;
    net::HttpResponse answer;
  };

  /// Without query and the slash at the end, which some cases write and some do not.
  static std::string bare(std::string url) {
    url.resize(std::min(url.find('?'), url.size()));
    while (url.ends_with('/')) url.pop_back();
    return url;
  }
  void begin(json::Element request) {
    exchanges_.push_back({std::string(*json::string_member(request, "method")) + " " +
                              bare(std::string(*json::string_member(request, "uri"))),
                          {}});
  }
  void answer(json::Element response) {
    exchanges_.back().answer.status = static_cast<int>(json::int_member(*json::member(response, "Ok"), "status").value());
  }
  void append(json::Element data) {
    if (json::string_member(data, "direction") != "Response") return;
    exchanges_.back().answer.body += json::string_member(*json::member(data, "data"), "Utf8").value();
  }

  EventLoop& loop_;
  std::deque<Exchange> exchanges_;
  std::string wrong_;
};

/// The environment of a case: env.json, and fs/ as its disk.
inline Environment environment_of_case(const std::filesystem::path& folder) {
  Environment result;
  json::Parser parser;
  json::Object variables = parser.parse(test_vectors::read_text(folder / "env.json").value())->get_object().value();
  for (auto [name, value] : variables) result.variables[std::string(name)] = std::string(value.get_string().value());
  result.home = result.variables["HOME"];
  result.read_file = [folder](const std::string& path) -> std::optional<std::string> {
    return test_vectors::read_text(folder / "fs" / path.substr(1));
  };
  return result;
}

}  // namespace ctk::aws
