// One client's connection as cpp-httplib reads and writes it, within limits. The library itself only limits the time
// between two bytes, so whoever sends one now and then would keep a thread for ever, and has no limit for all headers.
#pragma once

#include <httplib.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <functional>
#include <string>

#include "net/http_server.h"

namespace ctk::net {

/// Owns neither descriptor.
class ServedConnection final : public httplib::Stream {
 public:
  /// `stop_bell` is readable once everything is to end.
  ServedConnection(int socket, int stop_bell, const HttpServerLimits& limits)
      : socket_(socket), stop_bell_(stop_bell), limits_(limits) {}

  /// Waits for a request's first byte. False: none comes, or somebody else `wants_place` meanwhile.
  bool await_request(const std::function<bool()>& wants_place);
  /// Every byte that was asked for came: the next request begins where the last one ended.
  bool is_sound() const { return sound_; }
  /// Its headers are read: from here on the body's limits hold.
  void begin_body();

  bool is_readable() const override { return first_ < last_ || wait_for(POLLIN, deadline_); }
  bool is_writable() const override { return wait_for(POLLOUT, deadline_); }
  /// -1 where the limits are reached.
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  /// The library asks whether select() could take it, which nobody calls here.
  socket_t socket() const override { return 0; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  bool wait_for(short event, Time until) const;
  bool fill();

  const int socket_;
  const int stop_bell_;
  const HttpServerLimits& limits_;
  Time deadline_;
  bool answering_ = false;
  bool sound_ = true;
  size_t allowed_ = 0;  ///< bytes that may still be read
  std::array<char, 4096> buffer_;
  size_t first_ = 0, last_ = 0;  ///< in the buffer: read and not taken
};

}  // namespace ctk::net
