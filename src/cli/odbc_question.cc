#include "cli/odbc_question.h"

#include <signal.h>

#include <algorithm>
#include <thread>

namespace ctk::cli {
namespace {

constexpr Duration kLongestTry = std::chrono::seconds(10);
constexpr Duration kPause = std::chrono::milliseconds(500);

/// Both are held until a command is planned (signals.h).
bool is_asked_to_stop() {
  sigset_t waiting;
  sigpending(&waiting);
  return sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1;
}

}  // namespace

OdbcQuestion ask_odbc() {
  return [](const sink::sql::OdbcAddress& address, std::optional<table::OdbcDialect> wished, Duration patience) {
    const auto start = std::chrono::steady_clock::now();
    while (true) {
      auto site = sink::sql::ask_odbc_site(address, wished, std::min(patience, kLongestTry));
      const bool may_come = !site && may_pass(site.error().kind);
      if (!may_come || std::chrono::steady_clock::now() - start >= patience) return site;
      if (is_asked_to_stop()) site.error().kind = ErrorKind::stopped;
      if (site.error().kind == ErrorKind::stopped) return site;
      std::this_thread::sleep_for(kPause);
    }
  };
}

OdbcQuestion ask_odbc_once() {
  return [](const sink::sql::OdbcAddress& address, std::optional<table::OdbcDialect> wished, Duration) {
    return sink::sql::ask_odbc_site(address, wished, kLongestTry);
  };
}

OdbcQuestion guess_odbc() {
  return [](const sink::sql::OdbcAddress& address, std::optional<table::OdbcDialect> wished, Duration) {
    return sink::sql::guess_odbc_site(address, wished);
  };
}

}  // namespace ctk::cli
