// Fuzzes the HTTP server as a client does that may send anything: whatever comes, what it answers is HTTP, and whoever asks
// properly afterwards is answered.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_server.h"

namespace {

using ctk::net::HttpServer;
using ctk::net::ServedRequest;

std::unique_ptr<HttpServer> make_server() {
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<ctk::net::HttpRoute> routes;
  routes.push_back({"GET", "/healthz", [](const ServedRequest&) { return ctk::net::ServedAnswer{.body = "ok\n"}; }});
  routes.push_back({"POST", "/echo", [](const ServedRequest& request) {
                      ctk::net::ServedAnswer answer{.body = request.body};
                      answer.headers.emplace_back("X-Names", std::to_string(request.headers.size() + request.query.size()));
                      return answer;
                    }});
  ctk::net::HttpServerOptions options;
  options.limits.connections = 2;
  options.limits.request_time = std::chrono::milliseconds(200);
  options.limits.idle = std::chrono::milliseconds(200);
  auto server = HttpServer::listen(options, std::move(routes));
  if (!server) std::abort();
  return std::move(*server);
}

/// Sends it all, and says that this was all; what comes back until the server ends the connection.
std::string answer_to(int port, std::string_view text) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(static_cast<uint16_t>(port));
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{20, 0};
  ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const linger at_once{1, 0};  // no port waits for late packets
  ::setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  if (::connect(client, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) std::abort();
  while (!text.empty()) {
    const ssize_t sent = ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;  // it has heard enough
    text.remove_prefix(static_cast<size_t>(sent));
  }
  ::shutdown(client, SHUT_WR);
  std::string answer;
  char bytes[4096];
  ssize_t got = 0;
  while ((got = ::recv(client, bytes, sizeof bytes, 0)) > 0) answer.append(bytes, static_cast<size_t>(got));
  if (got < 0 && errno == EAGAIN) std::abort();  // a connection that nobody ends
  ::close(client);
  return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::unique_ptr<HttpServer> server = make_server();
  const std::string answer = answer_to(server->port(), {reinterpret_cast<const char*>(data), size});
  if (!answer.empty() && !answer.starts_with("HTTP/1.")) std::abort();
  static uint64_t inputs = 0;
  if (++inputs % 64 != 0) return 0;
  const std::string proper = answer_to(server->port(), "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  if (!proper.starts_with("HTTP/1.1 200 ") || !proper.ends_with("ok\n")) std::abort();
  return 0;
}
