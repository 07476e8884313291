#include "net/http_server.h"

#include <fmt/format.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/ascii.h"
#include "base/stop_bell.h"
#include "net/served_connection.h"

namespace ctk::net {
namespace {

/// The threads, and the connections that wait for one. While there are too many of those, no further one is accepted.
class PlacesQueue final : public httplib::TaskQueue {
 public:
  PlacesQueue(const HttpServerLimits& limits, std::stop_token stop, std::atomic<size_t>& waiting)
      : most_waiting_(limits.waiting), stop_(std::move(stop)), waiting_(waiting) {
    for (size_t i = 0; i < limits.connections; ++i) threads_.emplace_back([this] { serve(); });
  }

  void enqueue(std::function<void()> connection) override {
    std::unique_lock lock(mutex_);
    has_room_.wait(lock, stop_, [&] { return connections_.size() < most_waiting_; });
    connections_.push_back(std::move(connection));
    waiting_ = connections_.size();
    has_work_.notify_one();
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    has_work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      has_work_.wait(lock, [&] { return closed_ || !connections_.empty(); });
      if (connections_.empty()) return;
      const std::function<void()> connection = std::move(connections_.front());
      connections_.pop_front();
      waiting_ = connections_.size();
      lock.unlock();
      has_room_.notify_one();
      connection();  // also of those that were still waiting at the end: it closes them
      lock.lock();
    }
  }

  const size_t most_waiting_;
  const std::stop_token stop_;
  std::atomic<size_t>& waiting_;
  std::mutex mutex_;
  std::condition_variable_any has_room_;
  std::condition_variable has_work_;
  std::deque<std::function<void()>> connections_;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

/// The library's server on connections of our own.
class LimitedServer final : public httplib::Server {
 public:
  explicit LimitedServer(const HttpServerLimits& limits) : limits_(limits), bell_(stop_.get_token()) {
    new_task_queue = [this] { return new PlacesQueue(limits_, stop_.get_token(), waiting_); };
    set_payload_max_length(limits_.body_bytes);
    set_tcp_nodelay(true);
  }

  /// The library lets five wait in the system's queue; the sixth would try again after a second.
  void lengthen_queue() { ::listen(svr_sock_, SOMAXCONN); }

  /// From any thread: what is being read or written is broken off.
  void break_off() { stop_.request_stop(); }

 private:
  bool process_and_close_socket(socket_t socket) override {
    ServedConnection connection(socket, bell_.descriptor(), limits_);
    bool goes_on = true;
    while (goes_on && connection.await_request([this] { return waiting_ > 0; })) {
      bool closed = false;
      const auto take_head = [&](httplib::Request& request) {
        connection.begin_body();
        request.ranges.clear();                     // a thousand of them would make a thousand answers of one
        request.headers.erase("Content-Encoding");  // what is inflated knows no limit
      };
      goes_on = process_request(connection, stop_.stop_requested(), closed, take_head) && !closed && connection.is_sound();
    }
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return true;
  }

  const HttpServerLimits limits_;
  std::stop_source stop_;
  StopBell bell_;
  std::atomic<size_t> waiting_ = 0;
};

/// A port that was left a moment ago may be had again; one that another process listens on may not. (The library would
/// share it: each of the two would get some of the calls.)
void have_port_alone(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

/// The library takes a path for a regular expression.
std::string literal(const std::string& path) {
  std::string pattern;
  for (const char c : path) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '/' && c != '-' && c != '_') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

ServedRequest request_of(const httplib::Request& from) {
  ServedRequest request;
  request.body = from.body;
  for (const auto& [name, value] : from.headers) request.headers.emplace_back(ascii_lower(name), value);
  for (const auto& [name, value] : from.params) request.query.emplace_back(name, value);
  request.client_port = from.remote_port;
  return request;
}

void give(const ServedAnswer& answer, httplib::Response& response) {
  for (const auto& [name, value] : answer.headers) response.set_header(name, value);
  response.status = answer.status;
  if (answer.hangs_up) {
    constexpr size_t kPromised = 1u << 20;
    response.set_content_provider(kPromised, answer.content_type, [](size_t, size_t, httplib::DataSink&) { return false; });
    return;
  }
  response.set_content(answer.body, answer.content_type);
}

void add_route(httplib::Server& server, HttpRoute route) {
  const std::string path = literal(route.path);
  const auto handle = [answer = std::move(route.answer)](const httplib::Request& request, httplib::Response& response) {
    give(answer(request_of(request)), response);
  };
  if (route.method == "GET") server.Get(path, handle);
  if (route.method == "POST") server.Post(path, handle);
  if (route.method == "PUT") server.Put(path, handle);
  if (route.method == "PATCH") server.Patch(path, handle);
  if (route.method == "DELETE") server.Delete(path, handle);
}

}  // namespace

struct HttpServer::State {
  explicit State(HttpServerOptions given) : options(std::move(given)), server(options.limits) {}

  const HttpServerOptions options;
  LimitedServer server;
  int port = 0;
  std::thread listener;
};

Result<std::unique_ptr<HttpServer>> HttpServer::listen(HttpServerOptions options, std::vector<HttpRoute> routes) {
  auto state = std::make_unique<State>(std::move(options));
  LimitedServer& server = state->server;
  server.set_socket_options(have_port_alone);
  for (HttpRoute& route : routes) add_route(server, std::move(route));
  const std::string& host = state->options.host;
  const int wanted = state->options.port;
  const int port = wanted == 0 ? server.bind_to_any_port(host) : (server.bind_to_port(host, wanted) ? wanted : -1);
  if (port <= 0) return fail(ErrorKind::refused, fmt::format("cannot listen on {}:{}", host, wanted));
  server.lengthen_queue();
  state->port = port;
  state->listener = std::thread([&server] { server.listen_after_bind(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  // stop() only works once the listener is inside listen_after_bind().
  while (!state_->server.is_running()) std::this_thread::yield();
  state_->server.break_off();
  state_->server.stop();
  state_->listener.join();
}

int HttpServer::port() const { return state_->port; }
std::string HttpServer::url() const {
  const std::string& host = state_->options.host;
  const bool is_v6 = host.find(':') != std::string::npos;
  return fmt::format("http://{}{}{}:{}", is_v6 ? "[" : "", host, is_v6 ? "]" : "", state_->port);
}

}  // namespace ctk::net
