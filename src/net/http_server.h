// A small HTTP/1.1 server that may stand on an open port: whatever clients do, it costs no more than its limits.
//
//   std::vector<HttpRoute> routes;
//   routes.push_back({"GET", "/healthz", [](const ServedRequest&) { return ServedAnswer{.body = "ok\n"}; }});
//   auto server = HttpServer::listen({.host = "127.0.0.1", .port = 8080}, std::move(routes));
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "net/http.h"

namespace ctk::net {

struct ServedRequest {
  std::string body;
  HttpHeaders headers;  ///< names in lower case
  HttpHeaders query;    ///< decoded: `?name=value`
  int connection = 0;   ///< by which it came: a number that no other connection of this server has had

  std::string_view header(std::string_view name) const { return find_header(headers, name); }
};

struct ServedAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  HttpHeaders headers = {};
  /// Instead of a body the connection breaks off in the middle of one: for simulated services.
  bool hangs_up = false;
};

/// Called on the server's threads, several at once. A path is taken literally; what no route has is 404.
struct HttpRoute {
  std::string method;  ///< GET (HEAD goes there, too), POST, PUT, PATCH or DELETE
  std::string path;    ///< "/metrics"
  std::function<ServedAnswer(const ServedRequest&)> answer;
};

struct HttpServerLimits {
  size_t connections = 16;  ///< requests that are answered at once, a thread each
  size_t waiting = 64;  ///< requests that have come and wait for their turn: while there are so many, nobody else is heard
  /// Connections from which nothing whole has come, idle ones too: where there are more, the oldest is closed.
  size_t unheard = 200;
  size_t head_bytes = 16u << 10;  ///< of a request line and its headers; more is 400
  size_t body_bytes = 1u << 20;   ///< more is 413
  /// From a request's first byte to its last, however they trickle in; and the same again for the answer to be taken. While
  /// others wait, whoever neither sends nor takes anything for two seconds gives its turn away.
  Duration request_time = std::chrono::seconds(10);
  /// How long a connection is kept for a first or a next request.
  Duration idle = std::chrono::seconds(5);
};

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  ///< 0: a free one
  HttpServerLimits limits = {};
  /// Takes over a connection that begins as HTTP/2 does, on a thread of its own, until it is over or `stop_bell` is
  /// readable; it owns neither descriptor. Nothing: such a connection is answered as any other that makes no sense.
  std::function<void(int socket, int stop_bell)> http2 = {};
};

/// Listens until it is destroyed: that breaks off what is being read or written, and waits for the routes that are running.
class HttpServer {
 public:
  /// `refused` where the port cannot be had.
  static Result<std::unique_ptr<HttpServer>> listen(HttpServerOptions options, std::vector<HttpRoute> routes);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  int port() const;
  std::string url() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ctk::net
