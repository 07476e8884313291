#include "net/served_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace ctk::net {
namespace {

using std::chrono::steady_clock;

/// So long a client may do nothing while others wait.
constexpr std::chrono::milliseconds kStandsStill(2000);
/// What the frames of a body in chunks may take beside it.
constexpr size_t kFrames = 64u << 10;
constexpr size_t kReadAtOnce = 4096;

}  // namespace

ServedConnection::ServedConnection(ArrivedRequest request, int stop_bell, const HttpServerLimits& limits,
                                   std::function<bool()> others_wait)
    : socket_(request.connection.socket),
      number_(request.connection.number),
      stop_bell_(stop_bell),
      limits_(limits),
      others_wait_(std::move(others_wait)),
      deadline_(request.since + limits.request_time),
      allowed_(limits.head_bytes),
      bytes_(std::move(request.bytes)) {}

void ServedConnection::begin_body() { allowed_ = limits_.body_bytes + kFrames; }

bool ServedConnection::await_client(short event) const {
  using std::chrono::milliseconds;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline_ - steady_clock::now());
    if (left <= milliseconds(0)) return false;
    pollfd watched[] = {{socket_, event, 0}, {stop_bell_, POLLIN, 0}};
    const int ready = ::poll(watched, 2, static_cast<int>(std::min(left, kStandsStill).count()));
    if (watched[1].revents != 0) return false;
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (ready == 0 && left > kStandsStill && others_wait_()) return false;
  }
}

bool ServedConnection::fill() {
  if (!await_client(POLLIN)) return false;
  bytes_.resize(kReadAtOnce);
  const ssize_t got = ::recv(socket_, bytes_.data(), bytes_.size(), MSG_DONTWAIT);
  bytes_.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  taken_ = 0;
  return got > 0;
}

ssize_t ServedConnection::read(char* to, size_t size) {
  sound_ = sound_ && allowed_ > 0 && (taken_ < bytes_.size() || fill());
  if (!sound_) return -1;
  const size_t given = std::min({size, bytes_.size() - taken_, allowed_});
  std::copy_n(bytes_.data() + taken_, given, to);
  taken_ += given;
  allowed_ -= given;
  return static_cast<ssize_t>(given);
}

ssize_t ServedConnection::write(const char* from, size_t size) {
  if (!answering_) deadline_ = steady_clock::now() + limits_.request_time;
  answering_ = true;
  if (!await_client(POLLOUT)) return -1;
  return ::send(socket_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace ctk::net
