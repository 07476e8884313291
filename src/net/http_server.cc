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
#include <list>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/ascii.h"
#include "base/stop_bell.h"
#include "net/connection_gate.h"
#include "net/served_connection.h"

namespace ctk::net {
namespace {

/// The threads, and the requests that wait for one. While there are too many of those, whoever brings a further one waits.
class PlacesQueue {
 public:
  using Serve = std::function<void(ArrivedRequest)>;
  PlacesQueue(const HttpServerLimits& limits, std::stop_token stop, Serve serve)
      : most_waiting_(limits.waiting), stop_(std::move(stop)), serve_(std::move(serve)) {
    for (size_t i = 0; i < limits.connections; ++i) threads_.emplace_back([this] { work(); });
  }
  PlacesQueue(const PlacesQueue&) = delete;
  PlacesQueue& operator=(const PlacesQueue&) = delete;
  ~PlacesQueue() { close(); }

  void enqueue(ArrivedRequest request) {
    std::unique_lock lock(mutex_);
    has_room_.wait(lock, stop_, [&] { return requests_.size() < most_waiting_; });
    requests_.push_back(std::move(request));
    waiting_ = requests_.size();
    has_work_.notify_one();
  }

  bool any_waiting() const { return waiting_ > 0; }

  /// Serves what still waits, and ends the threads.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    has_work_.notify_all();
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      has_work_.wait(lock, [&] { return closed_ || !requests_.empty(); });
      if (requests_.empty()) return;
      ArrivedRequest request = std::move(requests_.front());
      requests_.pop_front();
      waiting_ = requests_.size();
      lock.unlock();
      has_room_.notify_one();
      serve_(std::move(request));
      lock.lock();
    }
  }

  const size_t most_waiting_;
  const std::stop_token stop_;
  const Serve serve_;
  std::atomic<size_t> waiting_ = 0;
  std::mutex mutex_;
  std::condition_variable_any has_room_;
  std::condition_variable has_work_;
  std::deque<ArrivedRequest> requests_;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

/// What the library accepts goes on at once, to where no thread waits for it.
class AcceptedQueue final : public httplib::TaskQueue {
 public:
  explicit AcceptedQueue(std::function<void()> at_end) : at_end_(std::move(at_end)) {}
  void enqueue(std::function<void()> accepted) override { accepted(); }
  void shutdown() override { at_end_(); }

 private:
  const std::function<void()> at_end_;
};

/// Connections that were handed over, each on a thread of its own: they last for minutes, and hold up nobody else's.
class HandedOver {
 public:
  HandedOver() = default;
  HandedOver(const HandedOver&) = delete;
  HandedOver& operator=(const HandedOver&) = delete;
  ~HandedOver() {
    for (One& one : all_) one.thread.join();
  }

  /// False: there are too many.
  bool begin(std::function<void()> serve) {
    const std::lock_guard lock(mutex_);
    std::erase_if(all_, [](One& one) {
      if (!one.is_over) return false;
      one.thread.join();
      return true;
    });
    if (all_.size() >= kMost) return false;
    One& one = all_.emplace_back();
    one.thread = std::thread([&one, serve = std::move(serve)] {
      serve();
      one.is_over = true;
    });
    return true;
  }

 private:
  static constexpr size_t kMost = 4096;
  struct One {
    std::atomic<bool> is_over = false;
    std::thread thread;
  };
  std::mutex mutex_;
  std::list<One> all_;
};

/// The library's server on connections of our own. A connection waits at the gate until a request has come, is answered by
/// a thread, and waits there again for its next one.
class LimitedServer final : public httplib::Server {
 public:
  LimitedServer(const HttpServerLimits& limits, std::function<void(int, int)> http2)
      : limits_(limits),
        http2_(std::move(http2)),
        bell_(stop_.get_token()),
        places_(limits_, stop_.get_token(), [this](ArrivedRequest request) { serve(std::move(request)); }),
        gate_(limits_, bell_.descriptor(), http2_ != nullptr,
              [this](ArrivedRequest request) { places_.enqueue(std::move(request)); }) {
    new_task_queue = [this] { return new AcceptedQueue([this] { end(); }); };
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      if (is_known(request)) return HandlerResponse::Unhandled;
      response.status = 404;
      return HandlerResponse::Handled;
    });
    set_payload_max_length(limits_.body_bytes);
    set_tcp_nodelay(true);
  }
  ~LimitedServer() override {
    break_off();
    end();
  }

  /// The library lets five wait in the system's queue; the sixth would try again after a second.
  void lengthen_queue() { ::listen(svr_sock_, SOMAXCONN); }

  /// What has no route is refused without its body. Before it listens.
  void know(const std::string& method, const std::string& path) {
    routes_.emplace(method, path);
    if (method == "GET") routes_.emplace("HEAD", path);
  }

  /// From any thread: what is being read or written is broken off.
  void break_off() { stop_.request_stop(); }

 private:
  bool process_and_close_socket(socket_t socket) override {
    gate_.admit({socket, ++accepted_}, true);
    return true;
  }

  void serve(ArrivedRequest request) {
    const Accepted from = request.connection;
    if (request.bytes.empty()) return hand_over(from.socket);
    ServedConnection connection(std::move(request), bell_.descriptor(), limits_, [this] { return places_.any_waiting(); });
    bool closed = false, known = true;
    const auto take_head = [&](httplib::Request& head) {
      connection.begin_body();
      known = is_known(head);
      head.ranges.clear();                     // a thousand of them would make a thousand answers of one
      head.headers.erase("Content-Encoding");  // what is inflated knows no limit
    };
    const bool goes_on = process_request(connection, stop_.stop_requested(), closed, take_head);
    if (goes_on && known && !closed && connection.is_sound()) return gate_.admit(from, false, connection.take_rest());
    hang_up(from.socket);
  }

  void hand_over(int socket) {
    const bool begun = handed_over_.begin([this, socket] {
      http2_(socket, bell_.descriptor());
      hang_up(socket);
    });
    if (!begun) hang_up(socket);
  }

  bool is_known(const httplib::Request& request) const { return routes_.contains({request.method, request.path}); }

  void end() {
    gate_.close();
    places_.close();
  }

  const HttpServerLimits limits_;
  const std::function<void(int, int)> http2_;
  std::set<std::pair<std::string, std::string>> routes_;
  std::stop_source stop_;
  StopBell bell_;
  int accepted_ = 0;  ///< connections so far, by the listener alone
  HandedOver handed_over_;
  PlacesQueue places_;
  ConnectionGate gate_;
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
  request.connection = from.remote_port;
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

void add_route(LimitedServer& server, HttpRoute route) {
  server.know(route.method, route.path);
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
  explicit State(HttpServerOptions given) : options(std::move(given)), server(options.limits, options.http2) {}

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
