#include "net/connection_gate.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace ctk::net {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view kEndOfHead = "\r\n\r\n";

/// "PRI" begins no method of HTTP/1.1 (RFC 9113, 3.4). What is looked at is still there to be read.
bool begins_as_http2(int socket) {
  constexpr std::string_view kBegin = "PRI";
  std::array<char, kBegin.size()> bytes{};
  const ssize_t seen = ::recv(socket, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  return seen == static_cast<ssize_t>(bytes.size()) && std::string_view(bytes.data(), bytes.size()) == kBegin;
}

/// `heard`: so many bytes were looked through before.
bool has_whole_head(const std::string& bytes, size_t heard) {
  return bytes.find(kEndOfHead, heard - std::min(heard, kEndOfHead.size() - 1)) != std::string::npos;
}

}  // namespace

void hang_up(int socket) {
  ::shutdown(socket, SHUT_RDWR);
  ::close(socket);
}

ConnectionGate::ConnectionGate(const HttpServerLimits& limits, int stop_bell, bool knows_http2, HandOn hand_on)
    : limits_(limits),
      stop_bell_(stop_bell),
      knows_http2_(knows_http2),
      hand_on_(std::move(hand_on)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

ConnectionGate::~ConnectionGate() {
  close();
  ::close(wake_);
}

void ConnectionGate::admit(Accepted connection, bool is_new, std::string rest) {
  const std::lock_guard lock(mutex_);
  if (closed_) return hang_up(connection.socket);
  admitted_.push_back({connection, is_new, std::move(rest), steady_clock::now()});
  if (admitted_.size() > limits_.unheard) {  // all threads are at work, and nobody is heard for the moment
    hang_up(admitted_.front().accepted.socket);
    admitted_.pop_front();
  }
  ::eventfd_write(wake_, 1);
}

void ConnectionGate::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  if (thread_.joinable()) thread_.join();
  for (const Connections* all : {&connections_, &admitted_}) {
    for (const Connection& one : *all) hang_up(one.accepted.socket);
  }
  connections_.clear();
  admitted_.clear();
}

void ConnectionGate::run() {
  while (wait()) {
    take_in_new();
    close_late();
  }
}

void ConnectionGate::take_in_new() {
  eventfd_t ignored = 0;
  ::eventfd_read(wake_, &ignored);
  Connections come;
  {
    const std::lock_guard lock(mutex_);
    come.swap(admitted_);
  }
  while (!come.empty()) {
    const auto one = come.begin();
    connections_.splice(connections_.end(), come, one);
    // Its next request may have come together with the one before.
    if (has_whole_head(one->bytes, 0)) {
      hear(one);
    } else if (connections_.size() > limits_.unheard) {
      drop(connections_.begin());
    }
  }
}

bool ConnectionGate::wait() {
  std::vector<pollfd> watched = {{stop_bell_, POLLIN, 0}, {wake_, POLLIN, 0}};
  std::vector<Connections::iterator> all;
  Time until = steady_clock::now() + std::chrono::hours(1);
  for (auto one = connections_.begin(); one != connections_.end(); ++one) {
    watched.push_back({one->accepted.socket, POLLIN, 0});
    all.push_back(one);
    until = std::min(until, due(*one));
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
  const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(std::max<int64_t>(left, 0)));
  if (watched[0].revents != 0) return false;
  if (ready <= 0) return true;
  for (size_t i = 0; i < all.size(); ++i) {
    if (watched[i + 2].revents != 0) hear(all[i]);
  }
  return true;
}

void ConnectionGate::hear(Connections::iterator one) {
  const size_t heard = one->bytes.size();
  bool arrived = heard > 0 && has_whole_head(one->bytes, 0);
  if (!arrived && knows_http2_ && one->is_new && heard == 0 && begins_as_http2(one->accepted.socket)) {
    arrived = true;
  } else if (!arrived) {
    std::array<char, 4096> bytes;
    const ssize_t got = ::recv(one->accepted.socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return drop(one);
    if (heard == 0) one->since = steady_clock::now();
    one->bytes.append(bytes.data(), static_cast<size_t>(got));
    arrived = has_whole_head(one->bytes, heard) || one->bytes.size() > limits_.head_bytes;
  }
  if (!arrived) return;
  ArrivedRequest request{one->accepted, std::move(one->bytes), one->since};
  connections_.erase(one);
  hand_on_(std::move(request));
}

void ConnectionGate::close_late() {
  const Time now = steady_clock::now();
  for (auto one = connections_.begin(); one != connections_.end();) {
    const auto next = std::next(one);
    if (due(*one) <= now) drop(one);
    one = next;
  }
}

ConnectionGate::Time ConnectionGate::due(const Connection& one) const {
  return one.since + (one.bytes.empty() ? limits_.idle : limits_.request_time);
}

void ConnectionGate::drop(Connections::iterator one) {
  hang_up(one->accepted.socket);
  connections_.erase(one);
}

}  // namespace ctk::net
