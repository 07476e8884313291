#include "observe/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace ctk::observe {
namespace {

/// Whoever does not take it is not told.
void send_notice(int socket, const std::string& address, const std::string& lines) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (address.size() >= sizeof(to.sun_path)) return;
  std::memcpy(to.sun_path, address.data(), address.size());
  if (address.front() == '@') to.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  ::sendto(socket, lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&to), length);
}

}  // namespace

std::optional<ServiceManager> ServiceManager::of(
    const std::function<std::optional<std::string>(const std::string&)>& variable, int process) {
  const std::optional<std::string> socket = variable("NOTIFY_SOCKET");
  if (!socket || (socket->front() != '/' && socket->front() != '@')) return std::nullopt;
  ServiceManager manager{*socket, variable("WATCHDOG_USEC").has_value()};
  const std::optional<std::string> watched = variable("WATCHDOG_PID");
  if (watched && *watched != std::to_string(process)) manager.has_watchdog = false;
  return manager;
}

ServiceReporter::ServiceReporter(const ServiceManager& manager)
    : address_(manager.socket), notices_(manager.has_watchdog), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}

ServiceReporter::~ServiceReporter() {
  if (socket_ >= 0) ::close(socket_);
}

void ServiceReporter::report(const std::vector<RelayStatus>& relays, Duration now) {
  const std::string lines = notices_.next(relays, now);
  if (socket_ >= 0 && !lines.empty()) send_notice(socket_, address_, lines);
}

}  // namespace ctk::observe
