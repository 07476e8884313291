#include "sink/cratedb/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "json/reader.h"
#include "json/writer.h"

namespace ctk::sink::cratedb {
namespace {

constexpr int kDefaultPort = 4200;
/// The server itself waits up to a minute for a shard before it gives up; a shorter patience would hide its answer.
constexpr Duration kLongestAnswer = std::chrono::seconds(90);

/// A fault that comes and goes has gone after a few of these; what lasts is an outage, and for the caller to wait out.
constexpr RetryPolicy kTries = {
    .first = std::chrono::milliseconds(5), .longest = std::chrono::milliseconds(100), .budget = std::chrono::seconds(4)};
/// Tries of a request that the caller can make smaller, and of one that may be its row's own fault.
constexpr int kTriesBeforeLess = 2;
constexpr int kTriesOfAccidents = 5;
/// No limit of a server or a proxy is as low.
constexpr size_t kSmallBody = 8192;
constexpr size_t kMoreGreetings = 3;
constexpr Duration kLongestGreeting = std::chrono::seconds(1);
/// For a first answer, where nobody says.
constexpr Duration kLongestStart = std::chrono::seconds(10);
/// A request that is sent at the very end of a start.
constexpr Duration kShortestWait = std::chrono::milliseconds(500);
constexpr int kPostgresPort = 5432;

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

/// Nothing where a header cannot carry it: the server takes other bytes than ASCII for Latin-1, and so for another name.
std::string header_value(const std::string& text) {
  const bool fits = std::ranges::all_of(text, [](unsigned char c) { return c >= ' ' && c < 0x7f; });
  return fits ? text : "";
}

constexpr std::string_view kOtherPort =
    "CrateDB is spoken to over HTTP, whose port is 4200 unless it was changed; 5432 is the one of its PostgreSQL protocol";

/// Words for whoever has taken the other port of the server for this one.
std::string hint_for(const std::string& address) {
  return address.ends_with(":" + std::to_string(kPostgresPort)) ? std::string(kOtherPort) : "";
}

/// The version that the answer to `GET /` tells; `address` is who was asked.
Result<std::string> version_in(const Result<net::HttpResponse>& response, const std::string& address) {
  if (!response) {
    Error error = response.error();
    error.message = fmt::format("cannot reach CrateDB at {}: {}", address, error.message);
    if (error.kind != ErrorKind::refused) error.kind = ErrorKind::unreachable;
    if (error.hint == net::kSpeaksNoHttp) error.hint = kOtherPort;
    if (error.hint.empty()) error.hint = hint_for(address);
    return std::unexpected(std::move(error));
  }
  const std::string words = foreign_words(*response);
  if (response->status == 401 && !response->header("www-authenticate").empty()) {
    return fail(ErrorKind::denied, "CrateDB at " + address + " refuses the user or password", words);
  }
  json::Parser parser;
  const auto root = parser.parse(response->body);
  const auto version = root ? json::member(*root, "version") : std::nullopt;
  const auto number = version ? json::string_member(*version, "number") : std::nullopt;
  const bool waits = root && json::bool_member(*root, "ok") == false;
  if (number && response->status == 200 && !waits) return std::string(*number);
  if (number || waits) return fail(ErrorKind::unreachable, "CrateDB at " + address + " is not ready", words);
  // A page without a fault is another server's; faults come and go.
  const bool is_json = response->header("content-type").starts_with("application/json");
  if (response->status == 200 && (root || !is_json)) {
    return fail(ErrorKind::refused, "what answers at " + address + " is no CrateDB", words, hint_for(address));
  }
  return fail(ErrorKind::unreachable, fmt::format("{} while greeting {}", kForeignAnswer, address), words,
              std::string(kForeignHint));
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
  const std::string where = node.empty() ? doing : fmt::format("{} at {}", doing, node);
  if (answered) return to_error(server, where);
  Error error = transport;
  if (error.kind != ErrorKind::refused) error.kind = ErrorKind::unreachable;
  if (error.hint == net::kSpeaksNoHttp) error.hint.clear();  // it has spoken it before
  error.message = fmt::format("CrateDB failed {}: {}", where, transport.message);
  return error;
}

bool worth_another_try(const Failure& failure, Again again, int alike) {
  if (again == Again::never) return false;
  if (!failure.answered) return failure.transport.kind == ErrorKind::unreachable;
  switch (failure.action) {
    case Action::wait: return true;
    case Action::send_less: return again == Again::freely || alike < kTriesBeforeLess;
    case Action::isolate: return alike < (again == Again::freely ? kTriesOfAccidents : kTriesBeforeLess);
    default: return false;
  }
}

Client::Client(const TargetOptions& options, net::HttpClient& http, Clock& clock, Random& random, TaskGroup& tasks)
    : urls_(node_urls(options)),
      authorization_(basic_authorization(options.url)),
      query_schema_(header_value(options.query_schema)),
      timeout_(options.timeout.value_or(kLongestAnswer)),
      start_timeout_(std::min(options.start_timeout.value_or(kLongestStart), Duration(std::chrono::hours(1)))),
      begun_(clock.monotonic()),
      ring_(urls_.size()),
      http_(http),
      clock_(clock),
      random_(random),
      tasks_(tasks) {}

Task<Client::Exchanged> Client::exchange(std::string method, std::string path, std::string body, Duration timeout,
                                         std::stop_token stop) {
  const size_t node = ring_.pick(clock_.monotonic());
  net::HttpRequest request;
  request.method = std::move(method);
  request.url = urls_[node] + path;
  request.headers.emplace_back("content-type", "application/json");
  if (!authorization_.empty()) request.headers.emplace_back("authorization", authorization_);
  if (!query_schema_.empty()) request.headers.emplace_back("default-schema", query_schema_);
  request.body = std::move(body);
  request.timeout = std::min(timeout, timeout_);
  request.stop = std::move(stop);
  Result<net::HttpResponse> response = co_await tasks_.answer<net::HttpResponse>(
      [&](Done<net::HttpResponse> done) { http_.send(std::move(request), std::move(done)); });
  const bool stopped = !response && response.error().kind == ErrorKind::stopped;
  if (!stopped && (!response || response->status == 503)) {
    ring_.failed(node, clock_.monotonic());
  } else if (!stopped) {
    ring_.answered(node);
  }
  co_return Exchanged{std::move(response), node};
}

std::optional<Duration> Client::left_to_start() const {
  if (has_answered_) return std::nullopt;
  return begun_ + start_timeout_ - clock_.monotonic();
}

Task<SqlResult> Client::run_once(std::string body, std::stop_token stop) {
  const bool small = body.size() < kSmallBody;
  const Duration patience = std::max(left_to_start().value_or(timeout_), kShortestWait);
  Exchanged exchanged = co_await exchange("POST", "/_sql?types", std::move(body), patience, std::move(stop));
  Failure failure;
  if (exchanged.response) {
    has_answered_ = true;
    auto answer = parse_answer(*exchanged.response);
    if (answer) co_return std::move(*answer);
    failure.answered = true;
    failure.server = std::move(answer).error();
    failure.action = action_for(failure.server);
    // Not for its size: nothing is won by halving it, nor is a row to blame.
    if (failure.server.status == 413 && small) failure.action = Action::wait;
    if (failure.server.is_foreign() && failure.action == Action::wait) ring_.failed(exchanged.node, clock_.monotonic());
  } else {
    failure.transport = std::move(exchanged.response).error();
  }
  if (urls_.size() > 1) failure.node = urls_[exchanged.node];
  co_return std::unexpected(std::move(failure));
}

Task<SqlResult> Client::run(Statement statement, Again again) {
  const std::string body = request_body(statement);
  const std::stop_token stop = statement.stop;
  statement = {};
  Retry retry(kTries);
  std::optional<Action> last;
  int alike = 0;
  while (true) {
    SqlResult answer = co_await run_once(body, stop);
    if (answer || !insists_) co_return answer;
    alike = last == answer.error().action ? alike + 1 : 0;
    last = answer.error().action;
    if (!worth_another_try(answer.error(), again, alike)) co_return answer;
    if (left_to_start().value_or(kShortestWait) <= Duration(0)) co_return answer;
    const std::optional<Duration> pause = retry.failed(clock_.monotonic(), random_);
    if (!pause) co_return answer;
    co_await tasks_.pause(*pause);
  }
}

Task<Result<std::string>> Client::server_version() {
  begun_ = clock_.monotonic();
  for (size_t tried = 1;; tried++) {
    // Silent nodes share the time.
    const Duration left = begun_ + start_timeout_ - clock_.monotonic();
    const auto nodes = static_cast<int64_t>(urls_.size() - std::min(tried, urls_.size()) + 1);
    std::stop_token never;
    Exchanged exchanged = co_await exchange("GET", "/", "", std::max(left / nodes, kShortestWait), std::move(never));
    Result<std::string> version = version_in(exchanged.response, urls_[exchanged.node]);
    if (version || version.error().kind != ErrorKind::unreachable || !insists_) co_return version;
    if (tried < urls_.size()) continue;  // each node once
    if (tried >= urls_.size() + kMoreGreetings || clock_.monotonic() - begun_ > kLongestGreeting) co_return version;
    co_await tasks_.pause(kTries.first * static_cast<int>(tried));
  }
}

}  // namespace ctk::sink::cratedb
