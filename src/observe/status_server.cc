#include "observe/status_server.h"

#include <utility>

#include "observe/status_page.h"

namespace ctk::observe {
namespace {

constexpr const char* kJson = "application/json";

using Answer = std::function<net::ServedAnswer(const net::ServedRequest&)>;
using Refusal = std::function<std::optional<net::ServedAnswer>(const net::ServedRequest&)>;

/// Nobody keeps it, frames it, or takes it for something else.
void add_caution(net::ServedAnswer& answer) {
  answer.headers.emplace_back("Cache-Control", "no-store");
  answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
  answer.headers.emplace_back("Referrer-Policy", "no-referrer");
  answer.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
}

net::HttpRoute route(std::string path, Refusal refuse, Answer answer) {
  return {"GET", std::move(path),
          [refuse = std::move(refuse), answer = std::move(answer)](const net::ServedRequest& request) {
            std::optional<net::ServedAnswer> refused = refuse(request);
            net::ServedAnswer given = refused ? std::move(*refused) : answer(request);
            add_caution(given);
            return given;
          }};
}

net::ServedAnswer json(int status, std::string body) {
  return {.status = status, .content_type = kJson, .body = std::move(body)};
}

}  // namespace

Result<std::unique_ptr<StatusServer>> StatusServer::listen(StatusServerOptions options, const Metrics& metrics,
                                                           const RecentLog& log, Clock& clock) {
  std::unique_ptr<StatusServer> made(new StatusServer(std::move(options), metrics, log, clock));
  auto server = net::HttpServer::listen({made->options_.host, made->options_.port, {}}, made->routes());
  if (!server) return forward_error(std::move(server));
  made->server_ = std::move(*server);
  return made;
}

StatusServer::StatusServer(StatusServerOptions options, const Metrics& metrics, const RecentLog& log, Clock& clock)
    : options_(std::move(options)), metrics_(metrics), log_(log), clock_(clock), began_(clock.monotonic()) {
  show(options_.first);
}

void StatusServer::show(std::vector<RelayStatus> relays) {
  auto status = std::make_shared<ProcessStatus>();
  status->version = options_.version;
  status->relays = std::move(relays);
  status->time = clock_.now();
  status->looked = clock_.monotonic();
  status->uptime = status->looked - began_;
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
}

std::shared_ptr<const ProcessStatus> StatusServer::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

Health StatusServer::health() const { return health_of(*status(), clock_.monotonic(), options_.health_window); }

std::vector<net::HttpRoute> StatusServer::routes() {
  const auto guard = [this](const net::ServedRequest& request) { return refuse(options_.door, request); };
  const auto guard_page = [this](const net::ServedRequest& request) { return refuse_page(options_.door, request); };
  std::vector<net::HttpRoute> routes;
  routes.push_back(route("/", guard_page, [](const net::ServedRequest&) { return status_page(); }));
  routes.push_back(route("/metrics", guard, [this](const net::ServedRequest&) {
    return net::ServedAnswer{.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_.text()};
  }));
  routes.push_back(route("/healthz", guard, [this](const net::ServedRequest&) {
    const Health health = this->health();
    return json(health.is_well() ? 200 : 503, health_json(health));
  }));
  routes.push_back(route("/readyz", guard, [this](const net::ServedRequest&) {
    const bool ready = is_ready(*status());
    return json(ready ? 200 : 503, ready_json(ready));
  }));
  routes.push_back(
      route("/status.json", guard, [this](const net::ServedRequest&) { return json(200, status_json(*status())); }));
  routes.push_back(route("/page.json", guard, [this](const net::ServedRequest&) {
    return json(200, page_json(*status(), health(), log_.lines()));
  }));
  return routes;
}

}  // namespace ctk::observe
