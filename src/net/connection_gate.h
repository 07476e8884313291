// Connections from which no whole request has come: they cost a place in a list each, and no thread. Where there are too
// many of them, the oldest goes first: whoever asks properly is heard at once, however many others hold half a request.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/http_server.h"

namespace ctk::net {

/// A connection of a client.
struct Accepted {
  int socket = -1;
  int number = 0;  ///< of all that were accepted: unlike a socket or a port, nobody has it again
};

/// A connection whose request's head is there (or more of one than a head may have).
struct ArrivedRequest {
  Accepted connection;
  std::string bytes;  ///< what was read of it; empty where it begins as HTTP/2 does, and everything is still to be read
  std::chrono::steady_clock::time_point since;  ///< its first byte
};

/// Owns the connections that it is given until they are handed on. It has one thread, from its construction to `close`.
class ConnectionGate {
 public:
  using HandOn = std::function<void(ArrivedRequest)>;
  /// `hand_on` is called on the gate's thread, and may block: meanwhile nobody is heard. `stop_bell` is readable once
  /// everything is to end. `knows_http2`: a connection that begins with "PRI" is handed on as it is.
  ConnectionGate(const HttpServerLimits& limits, int stop_bell, bool knows_http2, HandOn hand_on);
  ~ConnectionGate();
  ConnectionGate(const ConnectionGate&) = delete;
  ConnectionGate& operator=(const ConnectionGate&) = delete;

  /// A connection, new (then `rest` is empty) or with what has come of its next request already. From any thread; after
  /// `close`, it is closed.
  void admit(Accepted connection, bool is_new, std::string rest = {});
  /// Closes all that are here, and waits for the thread. Only once the stop bell rings.
  void close();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Connection {
    Accepted accepted;
    bool is_new;
    std::string bytes;
    Time since;  ///< its first byte; where there is none, when it came here
  };
  using Connections = std::list<Connection>;  ///< the oldest first

  void run();
  void take_in_new();
  /// Until somebody sends something, comes, or is due to be closed. False: it is to end.
  bool wait();
  void hear(Connections::iterator one);
  void close_late();
  Time due(const Connection& one) const;
  void drop(Connections::iterator one);

  const HttpServerLimits limits_;
  const int stop_bell_;
  const bool knows_http2_;
  const HandOn hand_on_;
  const int wake_;  ///< an eventfd: somebody was admitted
  Connections connections_;
  std::mutex mutex_;
  Connections admitted_;
  bool closed_ = false;
  std::thread thread_;  // last: it uses all of the above
};

/// Ends a connection, and closes its descriptor.
void hang_up(int socket);

}  // namespace ctk::net
