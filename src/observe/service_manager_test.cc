#include "observe/service_manager.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <map>

namespace ctk::observe {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

std::optional<ServiceManager> manager_of(std::map<std::string, std::string> variables) {
  return ServiceManager::of(
      [&](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
      },
      42);
}

TEST(ServiceManager, IsWhoTheEnvironmentNames) {
  EXPECT_FALSE(manager_of({}));
  EXPECT_FALSE(manager_of({{"NOTIFY_SOCKET", "vsock:2:1"}})) << "not on this machine";
  EXPECT_EQ(manager_of({{"NOTIFY_SOCKET", "/run/notify"}})->socket, "/run/notify");
  EXPECT_FALSE(manager_of({{"NOTIFY_SOCKET", "@name"}})->has_watchdog);
  EXPECT_TRUE(manager_of({{"NOTIFY_SOCKET", "@name"}, {"WATCHDOG_USEC", "9"}})->has_watchdog);
  EXPECT_TRUE(manager_of({{"NOTIFY_SOCKET", "@name"}, {"WATCHDOG_USEC", "9"}, {"WATCHDOG_PID", "42"}})->has_watchdog);
  EXPECT_FALSE(manager_of({{"NOTIFY_SOCKET", "@name"}, {"WATCHDOG_USEC", "9"}, {"WATCHDOG_PID", "7"}})->has_watchdog);
}

TEST(ServiceReporter, SendsItsLinesToTheSocket) {
  const std::string name = "@ctk-service-test-" + std::to_string(::getpid());
  const int ear = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  name.copy(at.sun_path, name.size());
  at.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ASSERT_EQ(::bind(ear, reinterpret_cast<sockaddr*>(&at), length), 0);
  const auto heard = [&] {
    char buffer[512];
    const ssize_t size = ::recv(ear, buffer, sizeof buffer, MSG_DONTWAIT);
    return size < 0 ? std::string() : std::string(buffer, static_cast<size_t>(size));
  };

  RelayStatus status;
  ServiceReporter reporter({name, true});
  reporter.report({status}, seconds(0));
  EXPECT_THAT(heard(), HasSubstr("WATCHDOG=1\n"));
  status.view.state = relay::RelayView::State::running;
  reporter.report({status}, seconds(1));
  EXPECT_THAT(heard(), HasSubstr("READY=1\n"));
  status.view.state = relay::RelayView::State::stopping;
  reporter.report({status}, seconds(2));
  EXPECT_THAT(heard(), HasSubstr("STOPPING=1\n"));
  ::close(ear);
  reporter.report({status}, seconds(20));
  ServiceReporter({"/no/such/socket", true}).report({status}, seconds(0));
  ServiceReporter({"/" + std::string(200, 'x'), true}).report({status}, seconds(0));
}

}  // namespace
}  // namespace ctk::observe
