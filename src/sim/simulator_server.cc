#include "sim/simulator_server.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <set>
#include <string_view>
#include <thread>

#include "json/reader.h"
#include "net/http_server.h"
#include "sim/access.h"
#include "sim/cbor_form.h"
#include "sim/dynamodb_json.h"
#include "sim/kinesis_json.h"
#include "sim/simulator_actions.h"
#include "sim/sts_form.h"

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

  net::ServedAnswer handle(const net::ServedRequest& request) {
    const Called called = read_target(request.header("x-amz-target"));
    std::unique_lock lock(mutex);
    ++requests;
    if (doomed.erase(request.client_port) > 0) return break_off();
    connections.insert(request.client_port);
    const Fate fate = draw_fate(faults, called.kind(), random);
    const Timestamp now = clock.now();
    WireAnswer answer;
    if (fate.fault != Fault::lost_request) answer = answer_to(request, called, now, fate.fault);
    lock.unlock();
    const bool in_cbor = speaks_cbor(request, called);
    if (in_cbor) answer.body = answer_in_cbor(answer.body);
    if (fate.delay > Duration{}) std::this_thread::sleep_for(fate.delay);
    if (fate.fault == Fault::lost_request || fate.fault == Fault::lost_answer) return break_off();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
    return {.status = answer.status,
            .content_type = in_cbor                    ? "application/x-amz-cbor-1.1"
                            : called.target == nullptr ? "application/x-amz-json-1.0"
                                                       : called.target->content_type,
            .body = std::move(answer.body),
            .headers = {{"Date", fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", seconds)}}};
  }

  WireAnswer answer_to(const net::ServedRequest& request, const Called& called, Timestamp now, Fault fault) {
    if (request.header("authorization").empty()) {
      return called.refusal({"MissingAuthenticationTokenException", "Missing Authentication Token", 400});
    }
    if (called.target == nullptr && is_form(request.header("content-type"))) {
      return answer_sts(request.body, caller(request), account());
    }
    if (called.target == nullptr) {
      return to_wire({"UnknownOperationException", "X-Amz-Target names no service that is simulated", 400});
    }
    if (is_refusal(fault)) return called.refusal(injected(fault, called.target->service));
    Answer<std::string> decoded;
    if (speaks_cbor(request, called)) decoded = request_from_cbor(request.body);
    if (!decoded) return called.refusal(decoded.error());
    const std::string_view body = decoded->empty() ? std::string_view(request.body) : *decoded;
    if (services.policy) {
      const auto accesses = accesses_of(services, called.target->service, called.action, body);
      if (const auto may = authorise(*services.policy, caller(request), accesses); !may) return called.refusal(may.error());
    }
    ++services.calls[action_of(called.target->service, called.action)];
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

  std::string caller(const net::ServedRequest& request) const {
    return caller_of(request.header("authorization"), account());
  }
  const std::string& account() const { return services.dynamodb.options().account; }

  net::ServedAnswer act(const net::ServedRequest& request) {
    std::lock_guard lock(mutex);
    const ActionControls controls{options.advance_clock, [this] { doomed = std::exchange(connections, {}); }};
    WireAnswer answer = run_action(services, request.body, clock.now(), controls);
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
    return {{"POST", "/", [this](const net::ServedRequest& request) { return handle(request); }},
            {"POST", "/simulator", [this](const net::ServedRequest& request) { return act(request); }},
            {"POST", "/faults", [this](const net::ServedRequest& request) { return turn_knobs(request); }}};
  }

  Services& services;
  Clock& clock;
  SimulatorServerOptions options;
  Random random;
  FaultKnobs faults;
  uint64_t requests = 0;
  std::set<int> connections;  ///< by the client's port
  std::set<int> doomed;       ///< those that break at their next request
  std::mutex mutex;
  std::unique_ptr<net::HttpServer> server;  ///< last: its routes use the rest
};

SimulatorServer::SimulatorServer(Services& services, Clock& clock, SimulatorServerOptions options)
    : state_(std::make_unique<State>(services, clock, std::move(options))) {
  // Clients of the simulation are slow at will, and put batches of 16 MB.
  net::HttpServerLimits limits;
  limits.connections = state_->options.threads;
  limits.body_bytes = 32u << 20;
  limits.request_time = std::chrono::minutes(1);
  auto server = net::HttpServer::listen({state_->options.host, state_->options.port, limits}, state_->routes());
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
