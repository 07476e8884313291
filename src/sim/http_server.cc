#include "sim/http_server.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <httplib.h>

#include <string_view>
#include <thread>

#include "json/reader.h"
#include "sim/kinesis_json.h"

namespace ctk::sim {
namespace {

constexpr std::string_view kKinesisTarget = "Kinesis_20131202.";

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
                    .lost_request = knob("lost_request"),
                    .lost_answer = knob("lost_answer"),
                    .expired_iterator = knob("expired_iterator"),
                    .empty_page = knob("empty_page"),
                    .slow = knob("slow")};
}

}  // namespace

struct HttpServer::State {
  State(Kinesis& service, Clock& time, const HttpServerOptions& options)
      : kinesis(service), clock(time), host(options.host), random(options.seed), faults(options.faults) {}

  void handle(const httplib::Request& request, httplib::Response& response) {
    const std::string target = request.get_header_value("X-Amz-Target");
    const bool is_get_records = target.ends_with(".GetRecords");
    std::unique_lock lock(mutex);
    ++requests;
    const Fate fate = draw_fate(faults, is_get_records ? CallKind::get_records : CallKind::other, random);
    const Timestamp now = clock.now();
    WireAnswer answer;
    if (fate.fault != Fault::lost_request) answer = answer_to(request, target, now, fate.fault);
    lock.unlock();
    if (fate.delay > Duration{}) std::this_thread::sleep_for(fate.delay);
    response.set_header("Date", fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", std::chrono::floor<std::chrono::seconds>(now)));
    if (fate.fault == Fault::lost_request || fate.fault == Fault::lost_answer) return break_off(response);
    response.status = answer.status;
    response.set_content(answer.body, "application/x-amz-json-1.1");
  }

  WireAnswer answer_to(const httplib::Request& request, std::string_view target, Timestamp now, Fault fault) {
    if (!request.has_header("Authorization")) {
      return to_wire({"MissingAuthenticationTokenException", "Missing Authentication Token", 400});
    }
    if (is_refusal(fault)) return to_wire(injected(fault, ServiceName::kinesis));
    if (!target.starts_with(kKinesisTarget)) {
      return to_wire({"UnknownOperationException", fmt::format("No operation {}", target), 400});
    }
    return answer_kinesis(kinesis, target.substr(kKinesisTarget.size()), request.body, now, fault == Fault::empty_page);
  }

  Kinesis& kinesis;
  Clock& clock;
  std::string host;
  Random random;
  FaultKnobs faults;
  uint64_t requests = 0;
  std::mutex mutex;
  httplib::Server server;
  std::thread listener;
};

HttpServer::HttpServer(Kinesis& kinesis, Clock& clock, HttpServerOptions options)
    : state_(std::make_unique<State>(kinesis, clock, options)) {
  httplib::Server& server = state_->server;
  server.new_task_queue = [threads = options.threads] { return new httplib::ThreadPool(threads); };
  server.set_keep_alive_max_count(1'000'000);
  server.set_tcp_nodelay(true);
  server.Post("/", [state = state_.get()](const httplib::Request& request, httplib::Response& response) {
    state->handle(request, response);
  });
  server.Post("/faults", [this](const httplib::Request& request, httplib::Response& response) {
    const auto knobs = parse_faults(request.body);
    if (knobs) set_faults(*knobs);
    response.status = knobs ? 200 : 400;
  });
  port_ = options.port == 0 ? server.bind_to_any_port(options.host)
                            : (server.bind_to_port(options.host, options.port) ? options.port : -1);
  if (port_ > 0) state_->listener = std::thread([&server] { server.listen_after_bind(); });
}

HttpServer::~HttpServer() {
  if (!state_->listener.joinable()) return;
  // stop() only works once the listener is inside listen_after_bind().
  while (!state_->server.is_running()) std::this_thread::yield();
  state_->server.stop();
  state_->listener.join();
}

std::string HttpServer::url() const { return fmt::format("http://{}:{}", state_->host, port_); }

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
