#include "sink/cratedb/client.h"

#include <fmt/format.h>

#include "json/reader.h"
#include "json/writer.h"

namespace ctk::sink::cratedb {
namespace {

constexpr int kDefaultPort = 4200;
/// The server itself waits up to a minute for a shard before it gives up; a shorter patience would hide its answer.
constexpr Duration kShortestTimeout = std::chrono::seconds(90);

std::vector<std::string> node_urls(const TargetOptions& options) {
  std::vector<net::Endpoint> hosts = options.url.hosts;
  if (hosts.empty()) hosts.push_back({.host = "localhost", .port = std::nullopt});
  std::vector<std::string> urls;
  for (const net::Endpoint& endpoint : hosts) {
    const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
    urls.push_back(fmt::format("{}://{}:{}", options.ssl ? "https" : "http",
                               is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host, endpoint.port.value_or(kDefaultPort)));
  }
  return urls;
}

std::string basic_authorization(const net::Url& url) {
  if (url.user.empty()) return "";
  std::string header = "Basic ";
  json::append_base64(header, url.user + ":" + (url.password ? url.password->reveal() : ""));
  return header;
}

/// One exchange as something to await; its answer is dropped if the scope is gone.
struct Exchange {
  net::HttpClient& http;
  std::weak_ptr<bool> alive;
  net::HttpRequest request;
  Result<net::HttpResponse> result = fail(ErrorKind::internal, "no answer yet");

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    http.send(std::move(request), [this, token = alive, waiting](Result<net::HttpResponse> response) {
      if (token.expired()) return;
      result = std::move(response);
      waiting.resume();
    });
  }
  Result<net::HttpResponse> await_resume() { return std::move(result); }
};

Failure failure_of(ServerError error) {
  Failure failure;
  failure.action = action_for(error);
  failure.server = std::move(error);
  failure.answered = true;
  return failure;
}

}  // namespace

size_t NodeRing::pick(Duration now) {
  size_t best = next_ % free_from_.size();
  for (size_t i = 0; i < free_from_.size(); i++) {
    const size_t node = (next_ + i) % free_from_.size();
    if (free_from_[node] <= now) {
      best = node;
      break;
    }
    if (free_from_[node] < free_from_[best]) best = node;
  }
  next_ = best + 1;
  return best;
}

Error Failure::error(const std::string& doing) const {
  if (answered) return to_error(server, doing);
  Error error = transport;
  error.message = fmt::format("CrateDB failed {}: {}", doing, transport.message);
  return error;
}

Client::Client(const TargetOptions& options, net::HttpClient& http, Clock& clock, Scope& scope)
    : urls_(node_urls(options)),
      authorization_(basic_authorization(options.url)),
      timeout_(std::max(options.timeout, kShortestTimeout)),
      ring_(urls_.size()),
      http_(http),
      clock_(clock),
      scope_(scope) {}

Task<Result<net::HttpResponse>> Client::exchange(std::string method, std::string path, std::string body) {
  const size_t node = ring_.pick(clock_.monotonic());
  net::HttpRequest request;
  request.method = std::move(method);
  request.url = urls_[node] + path;
  request.headers.emplace_back("content-type", "application/json");
  if (!authorization_.empty()) request.headers.emplace_back("authorization", authorization_);
  request.body = std::move(body);
  request.timeout = timeout_;
  Exchange sending{http_, scope_.token(), std::move(request)};
  Result<net::HttpResponse> response = co_await sending;
  if (!response || response->status == 503) {
    ring_.failed(node, clock_.monotonic());
  } else {
    ring_.answered(node);
  }
  if (!response && response.error().kind != ErrorKind::refused) response.error().kind = ErrorKind::unreachable;
  co_return response;
}

Task<SqlResult> Client::run(Statement statement) {
  std::string body = request_body(statement);
  Result<net::HttpResponse> response = co_await exchange("POST", "/_sql?types", std::move(body));
  if (!response) {
    Failure failure;
    failure.transport = std::move(response).error();
    co_return std::unexpected(std::move(failure));
  }
  auto answer = parse_answer(*response);
  if (!answer) co_return std::unexpected(failure_of(std::move(answer).error()));
  co_return std::move(*answer);
}

Task<Result<std::string>> Client::server_version() {
  Result<net::HttpResponse> response = co_await exchange("GET", "/", "");
  if (!response) {
    Error error = std::move(response).error();
    error.message = fmt::format("cannot reach CrateDB at {}: {}", address(), error.message);
    co_return std::unexpected(std::move(error));
  }
  if (response->status == 401 || response->status == 403) {
    co_return fail(ErrorKind::denied, "CrateDB at " + address() + " refuses the user or password", response->body);
  }
  json::Parser parser;
  const auto root = parser.parse(response->body);
  const auto version = root ? json::member(*root, "version") : std::nullopt;
  const auto number = version ? json::string_member(*version, "number") : std::nullopt;
  if (response->status >= 500 || (root && json::bool_member(*root, "ok") == false)) {
    co_return fail(ErrorKind::unreachable, "CrateDB at " + address() + " is not ready", response->body.substr(0, 500));
  }
  if (!number) {
    co_return fail(ErrorKind::refused, "what answers at " + address() + " is no CrateDB", response->body.substr(0, 200));
  }
  co_return std::string(*number);
}

}  // namespace ctk::sink::cratedb
