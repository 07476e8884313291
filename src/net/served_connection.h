// One client's request, and the answer to it, as cpp-httplib reads and writes them, within limits. The library itself only
// limits the time between two bytes, so whoever sends one now and then would keep a thread for ever, and has no limit for
// all headers.
#pragma once

#include <httplib.h>
#include <poll.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "net/connection_gate.h"
#include "net/http_server.h"

namespace ctk::net {

/// Owns neither descriptor.
class ServedConnection final : public httplib::Stream {
 public:
  /// `stop_bell` is readable once everything is to end; `others_wait`: whether somebody else is kept from being served.
  ServedConnection(ArrivedRequest request, int stop_bell, const HttpServerLimits& limits,
                   std::function<bool()> others_wait);

  /// Every byte that was asked for came: the next request begins where the last one ended.
  bool is_sound() const { return sound_; }
  /// What has come behind the request: the next one's beginning.
  std::string take_rest() { return std::exchange(bytes_, {}).substr(std::exchange(taken_, 0)); }
  /// Its headers are read: from here on the body's limits hold.
  void begin_body();

  bool is_readable() const override { return taken_ < bytes_.size() || await_client(POLLIN); }
  bool is_writable() const override { return await_client(POLLOUT); }
  /// -1 where the limits are reached.
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  /// A request takes one number of its connection through the library. A port tells less: clients have it again and again.
  void get_remote_ip_and_port(std::string&, int& port) const override { port = number_; }
  void get_local_ip_and_port(std::string&, int&) const override {}
  /// The library asks whether select() could take it, which nobody calls here.
  socket_t socket() const override { return 0; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  /// False at the deadline, at the end of everything, and where others wait for a client that does nothing.
  bool await_client(short event) const;
  bool fill();

  const int socket_;
  const int number_;
  const int stop_bell_;
  const HttpServerLimits& limits_;
  const std::function<bool()> others_wait_;
  Time deadline_;
  bool answering_ = false;
  bool sound_ = true;
  size_t allowed_;  ///< bytes that may still be read
  std::string bytes_;
  size_t taken_ = 0;  ///< of `bytes_`
};

}  // namespace ctk::net
