#include "sim/simulator_server.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <expected>
#include <memory>
#include <string_view>
#include <thread>

#include "base/ascii.h"
#include "json/reader.h"
#include "net/http_server.h"
#include "sim/access.h"
#include "sim/cbor_form.h"
#include "sim/compressed.h"
#include "sim/dynamodb_json.h"
#include "sim/http2_connection.h"
#include "sim/kinesis_json.h"
#include "sim/simulator_actions.h"
#include "sim/sts_form.h"
#include "sim/subscription_feed.h"

namespace ctk::sim {
namespace {

struct Target {
  ServiceName service;
  std::string_view prefix;
  const char* content_type;
};

constexpr std::array kTargets{
    Target{ServiceName::kinesis, "Kinesis_20131202.", "application/x-amz-json-1.1"},
    Target{ServiceName::dynamodb, "DynamoDB_20120810.", "application/x-amz-json-1.0"},
    Target{ServiceName::streams, "DynamoDBStreams_20120810.", "application/x-amz-json-1.0"},
};

/// The service that a request is for, and the action.
struct Called {
  const Target* target = nullptr;
  std::string_view action;

  CallKind kind() const {
    if (action == "GetRecords") return CallKind::get_records;
    const bool races = target != nullptr && target->service == ServiceName::streams && action == "DescribeStream";
    return races ? CallKind::describe_stream : CallKind::other;
  }
  bool compresses() const { return target != nullptr && target->service != ServiceName::kinesis; }
  WireAnswer refusal(const ServiceError& error) const {
    return target != nullptr && target->service != ServiceName::kinesis ? dynamodb_error(error) : to_wire(error);
  }
};

Called read_target(std::string_view header) {
  for (const Target& target : kTargets) {
    if (header.starts_with(target.prefix)) return {&target, header.substr(target.prefix.size())};
  }
  return {};
}

std::string http_date(Timestamp now) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", std::chrono::floor<std::chrono::seconds>(now));
}

/// The answer never comes whole.
net::ServedAnswer break_off() { return {.content_type = "application/x-amz-json-1.1", .hangs_up = true}; }

std::optional<FaultKnobs> parse_faults(std::string_view body) {
  json::Parser parser;
  const auto object = parser.parse(body);
  if (!object || !object->is_object()) return std::nullopt;
  const auto knob = [&](std::string_view name) {
    const auto value = json::member(*object, name);
    double probability = 0;
    const bool given = value && value->get_double().get(probability) == simdjson::SUCCESS;
    return given ? probability : 0.0;
  };
  return FaultKnobs{.throttled = knob("throttled"),
                    .server_error = knob("server_error"),
                    .denied = knob("denied"),
                    .lost_request = knob("lost_request"),
                    .lost_answer = knob("lost_answer"),
                    .expired_iterator = knob("expired_iterator"),
                    .empty_page = knob("empty_page"),
                    .racing_listing = knob("racing_listing"),
                    .cut_push = knob("cut_push"),
                    .spoilt_push = knob("spoilt_push"),
                    .silent_push = knob("silent_push"),
                    .refused_push = knob("refused_push"),
                    .slow = knob("slow")};
}

}  // namespace

struct SimulatorServer::State {
  State(Services& simulated, Clock& time, SimulatorServerOptions given)
      : services(simulated), clock(time), options(std::move(given)), random(options.seed), faults(options.faults) {}

  static bool speaks_cbor(const net::ServedRequest& request, const Called& called) {
    const bool of_kinesis = called.target != nullptr && called.target->service == ServiceName::kinesis;
    return of_kinesis && is_cbor(request.header("content-type"));
  }

  /// A connection from before the last kill breaks at its next request.
  net::ServedAnswer handle_http1(const net::ServedRequest& request) {
    {
      const std::lock_guard lock(mutex);
      if (request.connection <= last_killed) return break_off();
      last_connection = std::max(last_connection, request.connection);
    }
    return handle(request);
  }

  net::ServedAnswer handle(const net::ServedRequest& request) {
    const Called called = read_target(request.header("x-amz-target"));
    std::unique_lock lock(mutex);
    ++requests;
    const Fate fate = draw_fate(faults, called.kind(), random);
    const Timestamp now = clock.now();
    WireAnswer answer;
    if (fate.fault != Fault::lost_request) answer = answer_to(request, called, now, fate.fault);
    lock.unlock();
    ++revision;
    const bool in_cbor = speaks_cbor(request, called);
    if (in_cbor) answer.body = answer_in_cbor(answer.body);
    if (fate.delay > Duration{}) std::this_thread::sleep_for(fate.delay);
    if (fate.fault == Fault::lost_request || fate.fault == Fault::lost_answer) return break_off();
    net::ServedAnswer served{.status = answer.status,
                             .content_type = in_cbor                    ? "application/x-amz-cbor-1.1"
                                             : called.target == nullptr ? "application/x-amz-json-1.0"
                                                                        : called.target->content_type,
                             .body = std::move(answer.body),
                             .headers = {{"Date", http_date(now)}}};
    if (called.compresses() && request.header("accept-encoding") == "gzip") compress(served);
    return served;
  }

  /// What a call is refused with before its service looks at it; else its body in JSON.
  std::expected<std::string, WireAnswer> let_in(const net::ServedRequest& request, const Called& called, Fault fault) {
    const auto refused = [&](const ServiceError& error) { return std::unexpected(called.refusal(error)); };
    if (request.header("authorization").empty()) {
      return refused({"MissingAuthenticationTokenException", "Missing Authentication Token", 400});
    }
    if (called.target == nullptr && is_form(request.header("content-type"))) {
      return std::unexpected(answer_sts(request.body, caller(request), account()));
    }
    if (called.target == nullptr) {
      return refused({"UnknownOperationException", "X-Amz-Target names no service that is simulated", 400});
    }
    if (is_refusal(fault)) return refused(injected(fault, called.target->service));
    Answer<std::string> decoded;
    if (speaks_cbor(request, called)) decoded = request_from_cbor(request.body);
    if (!decoded) return refused(decoded.error());
    std::string body = std::move(*decoded);
    if (body.empty()) body = request.body;
    if (services.policy) {
      const auto accesses = accesses_of(services, called.target->service, called.action, body);
      if (const auto may = authorise(*services.policy, caller(request), accesses); !may) return refused(may.error());
    }
    ++services.calls[action_of(called.target->service, called.action)];
    return body;
  }

  WireAnswer answer_to(const net::ServedRequest& request, const Called& called, Timestamp now, Fault fault) {
    const auto let = let_in(request, called, fault);
    if (!let) return let.error();
    const std::string& body = *let;
    services.dynamodb.advance(now);
    const bool empty_page = fault == Fault::empty_page;
    switch (called.target->service) {
      case ServiceName::dynamodb: return answer_dynamodb(services.dynamodb, called.action, body, now);
      case ServiceName::streams:
        return answer_streams(services.streams, called.action, body, now, empty_page, listing_fault(fault));
      case ServiceName::kinesis: break;
    }
    return answer_kinesis(services.kinesis, called.action, body, now, empty_page);
  }

  /// As `handle`, over HTTP/2; subscriptions are to be had by no other way.
  Http2Answer handle_http2(const Http2Request& asked) {
    net::ServedRequest request;
    request.body = asked.body;
    request.headers = asked.headers;
    const Called called = read_target(request.header("x-amz-target"));
    const bool subscribes =
        called.target != nullptr && called.target->service == ServiceName::kinesis && called.action == "SubscribeToShard";
    if (subscribes) return subscribe(request, called);
    net::ServedAnswer answer = handle(request);
    Http2Answer over{.status = answer.status, .body = std::move(answer.body), .hangs_up = answer.hangs_up};
    over.headers = {{"content-type", answer.content_type}};
    for (const auto& [name, value] : answer.headers) over.headers.emplace_back(ascii_lower(name), value);
    return over;
  }

  Http2Answer subscribe(const net::ServedRequest& request, const Called& called) {
    const std::lock_guard lock(mutex);
    ++requests;
    const Fate fate = draw_fate(faults, CallKind::other, random);
    if (fate.fault == Fault::lost_request) return {.hangs_up = true};
    const Timestamp now = clock.now();
    const bool cbor = speaks_cbor(request, called);
    const auto let = let_in(request, called, fate.fault);
    Answer<uint64_t> number;
    if (let) number = subscribe_kinesis(services.kinesis, *let, now);
    if (fate.fault == Fault::lost_answer) return {.hangs_up = true};
    const std::string date = http_date(now);
    if (let && number) {
      return {.headers = {{"content-type", "application/vnd.amazon.eventstream"}, {"date", date}},
              .feed = std::make_unique<SubscriptionFeed>(
                  FeedWorld{services.kinesis, clock, mutex, faults, random, revision}, *number, cbor)};
    }
    WireAnswer refusal = let ? called.refusal(number.error()) : let.error();
    if (cbor) refusal.body = answer_in_cbor(refusal.body);
    return {
        .status = refusal.status,
        .headers = {{"content-type", cbor ? "application/x-amz-cbor-1.1" : called.target->content_type}, {"date", date}},
        .body = std::move(refusal.body)};
  }

  void serve(int socket, int stop_bell) {
    const uint64_t born = kills;
    serve_http2(
        socket, stop_bell, [this](const Http2Request& request) { return handle_http2(request); },
        [this, born] { return kills != born; });
  }

  std::string caller(const net::ServedRequest& request) const {
    return caller_of(request.header("authorization"), account());
  }
  const std::string& account() const { return services.dynamodb.options().account; }

  net::ServedAnswer act(const net::ServedRequest& request) {
    std::lock_guard lock(mutex);
    const ActionControls controls{options.advance_clock, [this] {
                                    last_killed = last_connection;
                                    ++kills;
                                  }};
    WireAnswer answer = run_action(services, request.body, clock.now(), controls);
    ++revision;
    return {.status = answer.status, .content_type = "application/json", .body = std::move(answer.body)};
  }

  net::ServedAnswer turn_knobs(const net::ServedRequest& request) {
    const auto knobs = parse_faults(request.body);
    if (!knobs) return {.status = 400};
    std::lock_guard lock(mutex);
    faults = *knobs;
    return {};
  }

  std::vector<net::HttpRoute> routes() {
    return {{"POST", "/", [this](const net::ServedRequest& request) { return handle_http1(request); }},
            {"POST", "/simulator", [this](const net::ServedRequest& request) { return act(request); }},
            {"POST", "/faults", [this](const net::ServedRequest& request) { return turn_knobs(request); }}};
  }

  Services& services;
  Clock& clock;
  SimulatorServerOptions options;
  Random random;
  FaultKnobs faults;
  uint64_t requests = 0;
  std::atomic<uint64_t> revision = 1;  ///< of what can be pushed
  std::atomic<uint64_t> kills = 0;     ///< how often connections were broken off
  int last_connection = 0;             ///< of those that have brought a request
  int last_killed = 0;                 ///< it and all before it
  std::mutex mutex;
  std::unique_ptr<net::HttpServer> server;  ///< last: its routes use the rest
};

SimulatorServer::SimulatorServer(Services& services, Clock& clock, SimulatorServerOptions options)
    : state_(std::make_unique<State>(services, clock, std::move(options))) {
  // Clients of the simulation are slow at will, and put batches of 16 MB.
  net::HttpServerLimits limits;
  limits.connections = state_->options.threads;
  limits.unheard = 4096;
  limits.body_bytes = 32u << 20;
  limits.request_time = std::chrono::minutes(1);
  const auto serve = [state = state_.get()](int socket, int stop_bell) { state->serve(socket, stop_bell); };
  auto server = net::HttpServer::listen({state_->options.host, state_->options.port, limits, serve}, state_->routes());
  if (server) state_->server = std::move(*server);
}

SimulatorServer::~SimulatorServer() = default;

bool SimulatorServer::listening() const { return state_->server != nullptr; }
int SimulatorServer::port() const { return listening() ? state_->server->port() : -1; }
std::string SimulatorServer::url() const { return fmt::format("http://{}:{}", state_->options.host, port()); }

std::mutex& SimulatorServer::mutex() { return state_->mutex; }

void SimulatorServer::set_faults(const FaultKnobs& faults) {
  std::lock_guard lock(state_->mutex);
  state_->faults = faults;
}

uint64_t SimulatorServer::requests() const {
  std::lock_guard lock(state_->mutex);
  return state_->requests;
}

}  // namespace ctk::sim
