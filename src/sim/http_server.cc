#include "sim/http_server.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <httplib.h>

#include <array>
#include <set>
#include <string_view>
#include <thread>

#include "json/reader.h"
#include "sim/dynamodb_json.h"
#include "sim/happenings.h"
#include "sim/kinesis_json.h"

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

/// Promises a body and breaks the connection instead.
void break_off(httplib::Response& response) {
  response.set_content_provider(1 << 20, "application/x-amz-json-1.1",
                                [](size_t, size_t, httplib::DataSink&) { return false; });
}

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

struct HttpServer::State {
  State(Services& simulated, Clock& time, HttpServerOptions given)
      : services(simulated), clock(time), options(std::move(given)), random(options.seed), faults(options.faults) {}

  void handle(const httplib::Request& request, httplib::Response& response) {
    const std::string header = request.get_header_value("X-Amz-Target");
    const Called called = read_target(header);
    std::unique_lock lock(mutex);
    ++requests;
    if (doomed.erase(request.remote_port) > 0) return break_off(response);
    connections.insert(request.remote_port);
    const Fate fate = draw_fate(faults, called.kind(), random);
    const Timestamp now = clock.now();
    WireAnswer answer;
    if (fate.fault != Fault::lost_request) answer = answer_to(request, called, now, fate.fault);
    lock.unlock();
    if (fate.delay > Duration{}) std::this_thread::sleep_for(fate.delay);
    response.set_header("Date", fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", std::chrono::floor<std::chrono::seconds>(now)));
    if (fate.fault == Fault::lost_request || fate.fault == Fault::lost_answer) return break_off(response);
    response.status = answer.status;
    response.set_content(answer.body,
                         called.target == nullptr ? "application/x-amz-json-1.0" : called.target->content_type);
  }

  WireAnswer answer_to(const httplib::Request& request, const Called& called, Timestamp now, Fault fault) {
    if (!request.has_header("Authorization")) {
      return called.refusal({"MissingAuthenticationTokenException", "Missing Authentication Token", 400});
    }
    if (called.target == nullptr) {
      return to_wire({"UnknownOperationException", "X-Amz-Target names no service that is simulated", 400});
    }
    if (is_refusal(fault)) return called.refusal(injected(fault, called.target->service));
    services.dynamodb.advance(now);
    const bool empty_page = fault == Fault::empty_page;
    switch (called.target->service) {
      case ServiceName::dynamodb: return answer_dynamodb(services.dynamodb, called.action, request.body, now);
      case ServiceName::streams:
        return answer_streams(services.streams, called.action, request.body, now, empty_page, listing_fault(fault));
      case ServiceName::kinesis: break;
    }
    return answer_kinesis(services.kinesis, called.action, request.body, now, empty_page);
  }

  void happen(const httplib::Request& request, httplib::Response& response) {
    std::lock_guard lock(mutex);
    const HappeningControls controls{options.advance_clock, [this] { doomed = std::exchange(connections, {}); }};
    const WireAnswer answer = make_happen(services, request.body, clock.now(), controls);
    response.status = answer.status;
    response.set_content(answer.body, "application/json");
  }

  Services& services;
  Clock& clock;
  HttpServerOptions options;
  Random random;
  FaultKnobs faults;
  uint64_t requests = 0;
  std::set<int> connections;  ///< by the client's port
  std::set<int> doomed;       ///< those that break at their next request
  std::mutex mutex;
  httplib::Server server;
  std::thread listener;
};

namespace {

/// A port that was left a moment ago may be had again; one that another process listens on may not. (The library would
/// share it: each of the two would get some of the calls.)
void have_port_alone(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

}  // namespace

HttpServer::HttpServer(Services& services, Clock& clock, HttpServerOptions options)
    : state_(std::make_unique<State>(services, clock, std::move(options))) {
  httplib::Server& server = state_->server;
  const std::string& host = state_->options.host;
  const int port = state_->options.port;
  server.new_task_queue = [threads = state_->options.threads] { return new httplib::ThreadPool(threads); };
  server.set_socket_options(have_port_alone);
  server.set_keep_alive_max_count(1'000'000);
  server.set_tcp_nodelay(true);
  server.Post("/", [state = state_.get()](const httplib::Request& request, httplib::Response& response) {
    state->handle(request, response);
  });
  server.Post("/simulator", [state = state_.get()](const httplib::Request& request, httplib::Response& response) {
    state->happen(request, response);
  });
  server.Post("/faults", [this](const httplib::Request& request, httplib::Response& response) {
    const auto knobs = parse_faults(request.body);
    if (knobs) set_faults(*knobs);
    response.status = knobs ? 200 : 400;
  });
  port_ = port == 0 ? server.bind_to_any_port(host) : (server.bind_to_port(host, port) ? port : -1);
  if (port_ > 0) state_->listener = std::thread([&server] { server.listen_after_bind(); });
}

HttpServer::~HttpServer() {
  if (!state_->listener.joinable()) return;
  // stop() only works once the listener is inside listen_after_bind().
  while (!state_->server.is_running()) std::this_thread::yield();
  state_->server.stop();
  state_->listener.join();
}

std::string HttpServer::url() const { return fmt::format("http://{}:{}", state_->options.host, port_); }

std::mutex& HttpServer::mutex() { return state_->mutex; }

void HttpServer::set_faults(const FaultKnobs& faults) {
  std::lock_guard lock(state_->mutex);
  state_->faults = faults;
}

uint64_t HttpServer::requests() const {
  std::lock_guard lock(state_->mutex);
  return state_->requests;
}

}  // namespace ctk::sim
