// A server that takes connections and never says a word, as behind a firewall that forgets.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace ctk::sink::testing {

/// On a free port of 127.0.0.1. The kernel takes the connections; nobody reads them.
class SilentServer {
 public:
  SilentServer() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    constexpr int kWaiting = 1000;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool listens = ::bind(listening_, generic, size) == 0 && ::listen(listening_, kWaiting) == 0 &&
                         ::getsockname(listening_, generic, &size) == 0;
    if (!listens) throw std::system_error(errno, std::generic_category(), "a silent server");
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(listening_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  int port() const { return port_; }

 private:
  int listening_;
  int port_ = 0;
};

}  // namespace ctk::sink::testing
