// For tests: a server that takes one connection and does with it whatever the test says, byte by byte.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace ctk::net {

class RawConnection {
 public:
  explicit RawConnection(int descriptor) : descriptor_(descriptor) {}
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;
  ~RawConnection() { ::close(descriptor_); }

  int descriptor() const { return descriptor_; }
  /// Everything up to the blank line that ends a request's headers.
  std::string read_head() const {
    std::string head;
    char one = 0;
    while (!head.ends_with("\r\n\r\n") && ::recv(descriptor_, &one, 1, 0) == 1) head += one;
    return head;
  }
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  /// Sends as much as is taken, until nothing has been for `patience_ms`. Returns what is left.
  std::string_view send_until_held_back(std::string_view bytes, int patience_ms) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
        continue;
      }
      pollfd writable{descriptor_, POLLOUT, 0};
      if (::poll(&writable, 1, patience_ms) <= 0) break;
    }
    return bytes;
  }
  /// Waits until the other side has hung up.
  void await_end() const {
    char bytes[4096];
    while (::recv(descriptor_, bytes, sizeof bytes, 0) > 0) continue;
  }

 private:
  int descriptor_;
};

class RawServer {
 public:
  explicit RawServer(std::function<void(RawConnection&)> serve) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    if (!bound || ::listen(listener_, 1) != 0) std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, serve = std::move(serve)] {
      const int accepted = ::accept(listener_, nullptr, nullptr);
      if (accepted < 0) return;
      RawConnection connection(accepted);
      serve(connection);
    });
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  int listener_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace ctk::net
