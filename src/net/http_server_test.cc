// The server under clients that mean well and under others.
#include "net/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <string>
#include <thread>

namespace ctk::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// A connection of a client that sends what it likes.
class Client {
 public:
  /// From that port of its own; 0: from a free one.
  explicit Client(const HttpServer& server, uint16_t port = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in own = loopback(port), address = loopback(static_cast<uint16_t>(server.port()));
    const int yes = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(socket_); }

  uint16_t port() const {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&own), &size);
    return ntohs(own.sin_port);
  }
  /// Instead of a farewell that keeps the port for a minute.
  void reset_when_closed() const {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  /// False once the server has hung up.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  /// Whether the server says nothing so long, and does not hang up either.
  bool is_kept_for(milliseconds time) const {
    pollfd end{socket_, POLLIN, 0};
    return ::poll(&end, 1, static_cast<int>(time.count())) == 0;
  }
  /// Until the server hangs up.
  std::string receive_all() const {
    std::string all;
    char bytes[4096];
    for (ssize_t got = 0; (got = ::recv(socket_, bytes, sizeof bytes, 0)) > 0;) all.append(bytes, static_cast<size_t>(got));
    return all;
  }
  /// One answer's head and a body of `body` bytes.
  std::string receive(std::string_view end) const {
    std::string all;
    char one = 0;
    while (!all.ends_with(end) && ::recv(socket_, &one, 1, 0) == 1) all += one;
    return all;
  }

 private:
  int socket_;
};

size_t threads_of_this_process() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) ++count;
  return count;
}

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    routes_.push_back({"GET", "/ok", [](const ServedRequest& request) {
                         return ServedAnswer{.body = "fine " + std::string(find_header(request.query, "a"))};
                       }});
    routes_.push_back({"POST", "/echo", [](const ServedRequest& request) {
                         return ServedAnswer{.status = 201,
                                             .content_type = "application/json",
                                             .body = request.body,
                                             .headers = {{"X-Seen", std::string(request.header("x-given"))}}};
                       }});
  }
  HttpServer& listen(HttpServerLimits limits = {}) {
    auto server = HttpServer::listen({.limits = limits}, routes_);
    EXPECT_TRUE(server) << to_string(server.error());
    server_ = std::move(*server);
    return *server_;
  }
  std::string ask(const std::string& request) const {
    const Client client(*server_);
    EXPECT_TRUE(client.send(request));
    return client.receive_all();
  }

  std::vector<HttpRoute> routes_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersByItsRoutes) {
  listen();
  const std::string ok = ask("GET /ok?a=b%20c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(ok, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(ok, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(ok, EndsWith("\r\n\r\nfine b c"));
  const std::string echo = ask("POST /echo HTTP/1.1\r\nX-Given: 7\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(echo, StartsWith("HTTP/1.1 201 "));
  EXPECT_THAT(echo, HasSubstr("X-Seen: 7\r\n"));
  EXPECT_THAT(echo, EndsWith("\r\n\r\nabc"));
  EXPECT_THAT(ask("GET /okay HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("DELETE /ok HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(HttpServerTest, APathIsNoPattern) {
  routes_.push_back({"GET", "/a.b", [](const ServedRequest&) { return ServedAnswer(); }});
  listen();
  EXPECT_THAT(ask("GET /a.b HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("GET /axb HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(HttpServerTest, KeepsAConnectionForTheNextRequest) {
  listen();
  const Client client(*server_);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send("GET /ok HTTP/1.1\r\n\r\n"));
    EXPECT_THAT(client.receive("fine "), StartsWith("HTTP/1.1 200 "));
  }
}

TEST_F(HttpServerTest, AConnectionHasANumberThatNoOtherHasAgain) {
  std::vector<int> seen;
  routes_.push_back({"GET", "/who", [&seen](const ServedRequest& request) {
                       seen.push_back(request.connection);
                       return ServedAnswer{.body = "seen"};
                     }});
  listen();
  uint16_t port = 0;  // a free one at first, and that one again
  for (int i = 0; i < 2; ++i) {
    const Client client(*server_, port);
    port = client.port();
    for (int j = 0; j < 2; ++j) {
      ASSERT_TRUE(client.send("GET /who HTTP/1.1\r\n\r\n"));
      ASSERT_THAT(client.receive("seen"), StartsWith("HTTP/1.1 200 "));
    }
    client.reset_when_closed();  // else the port is not to be had again at once
  }
  EXPECT_THAT(seen, ElementsAre(1, 1, 2, 2));
}

TEST_F(HttpServerTest, TakesNoPortThatAnotherHas) {
  listen();
  const auto second = HttpServer::listen({.port = server_->port()}, routes_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::refused);
  EXPECT_THAT(second.error().message, HasSubstr(std::to_string(server_->port())));
}

TEST_F(HttpServerTest, ARequestThatTricklesInIsGivenUpAsAWhole) {
  listen({.request_time = milliseconds(300)});
  const Client client(*server_);
  const std::string_view request = "GET /ok HTTP/1.1\r\nX-Slow: ";
  ASSERT_TRUE(client.send(request));
  const auto begun = std::chrono::steady_clock::now();
  // A byte at a time: no single one of them is late.
  while (client.send("x") && std::chrono::steady_clock::now() - begun < minutes(1)) {
    pollfd nothing{-1, 0, 0};
    ::poll(&nothing, 1, 10);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, minutes(1));
}

TEST_F(HttpServerTest, HalfARequestIsGivenUp) {
  listen({.request_time = milliseconds(100), .idle = minutes(5)});
  for (const char* half : {"GET", "GET /ok HTTP/1.1\r\n", "POST /echo HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc",
                           "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    const auto begun = std::chrono::steady_clock::now();
    const Client client(*server_);
    ASSERT_TRUE(client.send(half));
    EXPECT_THAT(client.receive_all(), testing::Not(HasSubstr(" 20"))) << half;
    EXPECT_LT(std::chrono::steady_clock::now() - begun, minutes(1)) << "kept as idle: " << half;
  }
  EXPECT_THAT(ask("GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, HeadsHaveALimitHoweverTheyAreMade) {
  listen({.head_bytes = 4u << 10, .idle = minutes(5)});
  const std::string one_line(1u << 20, 'x');
  std::string many_lines;
  while (many_lines.size() < (1u << 20)) many_lines += "X-" + std::to_string(many_lines.size()) + ": y\r\n";
  for (const std::string& head :
       {"GET /" + one_line, "GET /ok HTTP/1.1\r\nX-Long: " + one_line, "GET /ok HTTP/1.1\r\n" + many_lines}) {
    const Client client(*server_);
    client.send(head + "\r\n\r\n");
    EXPECT_THAT(client.receive_all(), testing::Not(HasSubstr(" 200 ")));
  }
  EXPECT_THAT(ask("GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, BodiesHaveALimitHoweverTheyAreMade) {
  listen({.body_bytes = 1000});
  const std::string large(1u << 20, 'x');
  const std::string line = "POST /echo HTTP/1.1\r\n";
  for (const std::string& request : {line + "Content-Length: 1048576\r\n\r\n" + large,
                                     line + "Transfer-Encoding: chunked\r\n\r\n100000\r\n" + large + "\r\n0\r\n\r\n"}) {
    const Client client(*server_);
    client.send(request);
    EXPECT_THAT(client.receive_all(), testing::Not(HasSubstr(" 201 ")));
  }
  const std::string just = line + "Connection: close\r\nContent-Length: 1000\r\n\r\n" + large.substr(0, 1000);
  EXPECT_THAT(ask(just), StartsWith("HTTP/1.1 201 "));
}

/// The library would make an answer of each.
TEST_F(HttpServerTest, ManyRangesAreNoMoreThanTheAnswer) {
  listen();
  std::string ranges = "bytes=0-4";
  while (ranges.size() < 7000) ranges += ",0-4";
  const std::string answer = ask("GET /ok HTTP/1.1\r\nConnection: close\r\nRange: " + ranges + "\r\n\r\n");
  EXPECT_LT(answer.size(), 500u);
}

TEST_F(HttpServerTest, WhatClaimsToBeCompressedIsTakenAsItIs) {
  listen();
  const std::string head =
      "POST /echo HTTP/1.1\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n";
  EXPECT_THAT(ask(head + "abc"), EndsWith("abc"));
}

/// Whoever asks properly is answered, however many others hold half a request, or nothing; the oldest of those are closed.
TEST_F(HttpServerTest, HalfRequestsKeepNobodyFromBeingAnswered) {
  constexpr size_t kUnheard = 100;
  const size_t before = threads_of_this_process();
  listen({.connections = 2, .waiting = 8, .unheard = kUnheard, .request_time = minutes(5), .idle = minutes(5)});
  const Client known(*server_);
  ASSERT_TRUE(known.send("GET /ok HTTP/1.1\r\n\r\n"));
  EXPECT_THAT(known.receive("fine "), StartsWith("HTTP/1.1 200 "));
  std::vector<std::unique_ptr<Client>> idlers;
  for (size_t i = 0; i < 3 * kUnheard; ++i) {
    idlers.push_back(std::make_unique<Client>(*server_));
    if (i % 2 == 0) idlers.back()->send("GET /ok HTTP");
    if (i % kUnheard != 0) continue;
    EXPECT_THAT(ask("GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  }
  EXPECT_LE(threads_of_this_process(), before + 2 + 2);
  EXPECT_THAT(ask("GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(idlers.front()->receive_all(), "") << "closed";
  EXPECT_EQ(idlers[kUnheard]->receive_all(), "") << "closed";
  EXPECT_TRUE(idlers.back()->is_kept_for(milliseconds(0)));
  ASSERT_TRUE(idlers.back()->send("GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n"));
  EXPECT_THAT(idlers.back()->receive_all(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, ConnectionsThatDoNothingTakeNobodysPlace) {
  constexpr std::string_view kAsk = "GET /ok HTTP/1.1\r\n\r\n";
  listen({.connections = 1, .request_time = minutes(5), .idle = minutes(5)});
  const Client silent(*server_), idle(*server_);
  ASSERT_TRUE(idle.send(kAsk));
  EXPECT_THAT(idle.receive("fine "), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  for (const Client* each : {&silent, &idle}) {
    ASSERT_TRUE(each->send(kAsk)) << "it has kept its connection";
    EXPECT_THAT(each->receive("fine "), StartsWith("HTTP/1.1 200 "));
  }
}

TEST_F(HttpServerTest, AConnectionIsNotKeptForever) {
  listen({.idle = milliseconds(100)});
  const Client silent(*server_);
  EXPECT_EQ(silent.receive_all(), "");
}

TEST_F(HttpServerTest, RequestsThatComeTogetherAreAnsweredOneByOne) {
  listen({.connections = 1});
  const Client client(*server_);
  const std::string one = "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
  ASSERT_TRUE(client.send(one + one + "POST /echo HTTP/1.1\r\nConnection: close\r\nContent-Le"));
  EXPECT_THAT(client.receive("abc"), StartsWith("HTTP/1.1 201 "));
  EXPECT_THAT(client.receive("abc"), StartsWith("HTTP/1.1 201 "));
  ASSERT_TRUE(client.send("ngth: 2\r\n\r\nde"));
  EXPECT_THAT(client.receive_all(), EndsWith("\r\n\r\nde"));
}

/// A client holds a thread while its body or its answer is under way: not for long where others wait.
TEST_F(HttpServerTest, WhoeverStandsStillGivesItsTurnAway) {
  routes_.push_back(
      {"GET", "/large", [](const ServedRequest&) { return ServedAnswer{.body = std::string(64u << 20, 'x')}; }});
  listen({.connections = 1, .request_time = minutes(5), .idle = minutes(5)});
  for (const char* half : {"POST /echo HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc", "GET /large HTTP/1.1\r\n\r\n"}) {
    const Client still(*server_);
    ASSERT_TRUE(still.send(half));
    EXPECT_THAT(ask("GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200 ")) << half;
  }
}

/// Or 10,000 of them would hold the threads for longer than a probe of health waits.
TEST_F(HttpServerTest, WhatHasNoRouteIsRefusedWithoutItsBody) {
  listen({.connections = 1, .request_time = minutes(5), .idle = minutes(5)});
  for (const char* half : {"POST /ok HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc", "PUT /no HTTP/1.1\r\n\r\n"}) {
    const Client client(*server_);
    ASSERT_TRUE(client.send(half));
    EXPECT_THAT(client.receive_all(), StartsWith("HTTP/1.1 404 ")) << half;
  }
}

TEST_F(HttpServerTest, AnAnswerThatNobodyTakesIsGivenUp) {
  routes_.push_back(
      {"GET", "/large", [](const ServedRequest&) { return ServedAnswer{.body = std::string(64u << 20, 'x')}; }});
  listen({.connections = 1, .request_time = milliseconds(200)});
  const Client deaf(*server_);
  ASSERT_TRUE(deaf.send("GET /large HTTP/1.1\r\n\r\n"));
  EXPECT_THAT(ask("GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, StoppingBreaksReadingOffAndWaitsForRoutes) {
  std::promise<void> entered, leave;
  std::atomic<bool> left = false;
  routes_.push_back({"GET", "/long", [&](const ServedRequest&) {
                       entered.set_value();
                       leave.get_future().wait();
                       left = true;
                       return ServedAnswer();
                     }});
  listen({.connections = 2, .request_time = minutes(5), .idle = minutes(5)});
  const Client half(*server_), asking(*server_), idle(*server_);
  ASSERT_TRUE(half.send("GET /ok HT"));
  ASSERT_TRUE(asking.send("GET /long HTTP/1.1\r\n\r\n"));
  entered.get_future().wait();
  auto stopped = std::async(std::launch::async, [&] { server_.reset(); });
  EXPECT_EQ(half.receive_all(), "");
  EXPECT_EQ(idle.receive_all(), "");
  EXPECT_FALSE(left);
  leave.set_value();
  stopped.wait();
  EXPECT_TRUE(left);
}

}  // namespace
}  // namespace ctk::net
