#include "engines/runtime_api.h"

#include <charconv>
#include <utility>

#include "json/writer.h"

namespace ctk::engines {
namespace {

/// An environment is frozen between invocations, and ended within a day.
constexpr Duration kLongestWait = std::chrono::days(14);
constexpr const char* kErrorType = "Lambda-Runtime-Function-Error-Type";

Timestamp deadline_of(std::string_view text) {
  int64_t ms = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), ms);
  constexpr int64_t kLatest = int64_t{1} << 50;
  if (wrong != std::errc() || end != text.data() + text.size() || ms <= 0 || ms > kLatest) return kNoTime;
  return from_micros(ms * 1000);
}

Error status_error(const std::string& what, const net::HttpResponse& response) {
  return {ErrorKind::refused,
          "the runtime API of AWS Lambda answers " + what + " with status " + std::to_string(response.status),
          json::to_utf8(response.body.substr(0, 200)), ""};
}

std::unexpected<Error> not_reached(Error error) {
  error.message = "AWS Lambda's runtime API: " + error.message;
  return std::unexpected(std::move(error));
}

}  // namespace

RuntimeError runtime_error_of(const Error& error) { return {"ctk." + to_string(error.kind), to_string(error)}; }

std::string runtime_error_body(const RuntimeError& error) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  writer.key("errorMessage");
  writer.string(json::to_utf8(error.message));
  writer.key("errorType");
  writer.string(error.type);
  writer.key("stackTrace");
  writer.begin_array();
  writer.end_array();
  writer.end_object();
  return body;
}

Result<Invocation> read_invocation(net::HttpResponse response) {
  if (response.status != 200) return std::unexpected(status_error("a request for the next invocation", response));
  Invocation invocation;
  invocation.id = response.header("lambda-runtime-aws-request-id");
  invocation.deadline = deadline_of(response.header("lambda-runtime-deadline-ms"));
  invocation.event = std::move(response.body);
  if (invocation.id.empty() || invocation.id.find_first_of("/?# \t") != std::string::npos)
    return fail(ErrorKind::corrupt, "the runtime API of AWS Lambda gives an invocation without a request id");
  return invocation;
}

RuntimeApi::RuntimeApi(net::HttpClient& client, std::string_view host)
    : client_(client), base_("http://" + std::string(host) + "/2018-06-01/runtime/") {}

void RuntimeApi::next(Done<Invocation> done) {
  net::HttpRequest request;
  request.method = "GET";
  request.url = base_ + "invocation/next";
  request.timeout = kLongestWait;
  request.direct = true;
  client_.send(std::move(request), lifeline_.guard([done = std::move(done)](Result<net::HttpResponse> response) mutable {
    if (!response) return done(not_reached(std::move(response).error()));
    done(read_invocation(std::move(*response)));
  }));
}

void RuntimeApi::answer(const std::string& id, std::string body, Done<bool> done) {
  post("invocation/" + id + "/response", std::move(body), {}, std::move(done));
}

void RuntimeApi::refuse(const std::string& id, const RuntimeError& error, Done<bool> done) {
  post("invocation/" + id + "/error", runtime_error_body(error), {{kErrorType, error.type}}, std::move(done));
}

void RuntimeApi::fail_init(const RuntimeError& error, Done<bool> done) {
  post("init/error", runtime_error_body(error), {{kErrorType, error.type}}, std::move(done));
}

void RuntimeApi::post(const std::string& path, std::string body, net::HttpHeaders headers, Done<bool> done) {
  net::HttpRequest request;
  request.url = base_ + path;
  request.headers = std::move(headers);
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  request.direct = true;
  client_.send(std::move(request),
               lifeline_.guard([path, done = std::move(done)](Result<net::HttpResponse> response) mutable {
                 if (!response) return done(not_reached(std::move(response).error()));
                 if (response->status >= 500) return done(std::unexpected(status_error(path, *response)));
                 done(response->status < 300);
               }));
}

}  // namespace ctk::engines
