#include "net/served_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace ctk::net {
namespace {

using std::chrono::steady_clock;

/// A connection that waits for a next request looks so often whether somebody else wants its place.
constexpr auto kLook = std::chrono::milliseconds(50);
/// What the frames of a body in chunks may take beside it.
constexpr size_t kFrames = 64u << 10;

void name_of(const sockaddr_storage& address, std::string& ip, int& port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    port = ntohs(v6.sin6_port);
  }
  ip = text;
}

}  // namespace

bool ServedConnection::await_request(const std::function<bool()>& wants_place) {
  const Time end_of_idle = steady_clock::now() + limits_.idle;
  answering_ = false;
  bool comes = first_ < last_;
  while (!comes && steady_clock::now() < end_of_idle) {
    comes = wait_for(POLLIN, std::min(end_of_idle, steady_clock::now() + kLook));
    if (!comes && wants_place()) return false;
    pollfd stop{stop_bell_, POLLIN, 0};
    if (::poll(&stop, 1, 0) > 0) return false;
  }
  deadline_ = steady_clock::now() + limits_.request_time;
  allowed_ = limits_.head_bytes;
  return comes;
}

void ServedConnection::begin_body() { allowed_ = limits_.body_bytes + kFrames; }

bool ServedConnection::wait_for(short event, Time until) const {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd watched[] = {{socket_, event, 0}, {stop_bell_, POLLIN, 0}};
    const int ready = ::poll(watched, 2, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0 && watched[1].revents == 0;
  }
}

bool ServedConnection::fill() {
  if (!wait_for(POLLIN, deadline_)) return false;
  const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got <= 0) return false;
  first_ = 0;
  last_ = static_cast<size_t>(got);
  return true;
}

ssize_t ServedConnection::read(char* to, size_t size) {
  sound_ = sound_ && allowed_ > 0 && (first_ < last_ || fill());
  if (!sound_) return -1;
  const size_t taken = std::min({size, last_ - first_, allowed_});
  std::copy_n(buffer_.data() + first_, taken, to);
  first_ += taken;
  allowed_ -= taken;
  return static_cast<ssize_t>(taken);
}

ssize_t ServedConnection::write(const char* from, size_t size) {
  if (!answering_) deadline_ = steady_clock::now() + limits_.request_time;
  answering_ = true;
  if (!wait_for(POLLOUT, deadline_)) return -1;
  return ::send(socket_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void ServedConnection::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0) name_of(address, ip, port);
}

void ServedConnection::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0) name_of(address, ip, port);
}

}  // namespace ctk::net
