#include "sink/sql/postgres_connect.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "sink/sql/postgres_results.h"
#include "sink/sql/sql_state.h"

namespace ctk::sink::sql {
namespace {

enum class Connecting { done, failed, silent, stopped };

/// Takes the SQLSTATE out of a message of verbosity VERBOSE ("FATAL:  28P01: password …\nLOCATION:  …"); libpq 15 has no
/// other way to tell why a connection failed.
std::string take_sqlstate(std::string& message) {
  constexpr size_t kCode = 5;
  size_t at = message.find("FATAL:  ");
  if (at == std::string::npos || message.size() < at + 8 + kCode + 2 || message.compare(at + 8 + kCode, 2, ": ") != 0)
    return "";
  std::string code = message.substr(at + 8, kCode);
  message.erase(at + 8, kCode + 2);
  if (size_t location = message.find("\nLOCATION:"); location != std::string::npos) message.resize(location);
  return code;
}

/// libpq's words for settings that it cannot use; no waiting makes them right. It has no codes for them.
bool is_wrong_setting(std::string_view words) {
  constexpr std::string_view kBeginnings[] = {
      "invalid ",      "could not match ", "definition of service ", "service file ", "syntax error in service file",
      "sslmode value "};
  return std::ranges::any_of(kBeginnings, [&](std::string_view each) { return words.starts_with(each); });
}

/// The same, for certificates and for what server and client demand of each other.
bool is_about_tls(std::string_view words) {
  constexpr std::string_view kWords[] = {"certificate",      "server does not support SSL",
                                         "private key file", "channel binding",
                                         "requirepeer",      "server does not support GSSAPI"};
  return std::ranges::any_of(kWords, [&](std::string_view each) { return words.contains(each); });
}

/// Which of several hosts are still to be tried.
class HostList {
 public:
  using Settings = std::vector<std::pair<std::string, std::string>>;
  explicit HostList(Settings settings) : settings_(std::move(settings)) {}

  const Settings& settings() const { return settings_; }

  /// Leaves out this host and those before it; false if none is left.
  bool drop_until(const char* host, const char* port) {
    std::string* hosts = find("host");
    std::string* addresses = find("hostaddr");
    std::string* ports = find("port");
    if (hosts == nullptr || addresses != nullptr || host == nullptr) return false;
    const bool one_port = ports == nullptr || !ports->contains(',');
    while (hosts->contains(',')) {
      const std::string first = take_first(*hosts);
      const std::string its_port = one_port ? "" : take_first(*ports);
      if (first == host && (its_port.empty() || port == nullptr || its_port == port)) return true;
    }
    return false;
  }

 private:
  std::string* find(std::string_view name) {
    auto found = std::find_if(settings_.rbegin(), settings_.rend(), [&](const auto& each) { return each.first == name; });
    return found == settings_.rend() ? nullptr : &found->second;
  }
  static std::string take_first(std::string& list) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string first = list.substr(0, comma);
    list.erase(0, comma + 1);
    return first;
  }

  Settings settings_;
};

PgConnection begin(const HostList& hosts) {
  std::vector<const char*> names, values;
  for (const auto& [name, value] : hosts.settings()) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  PgConnection connection(PQconnectStartParams(names.data(), values.data(), 0));
  if (connection) PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
  return connection;
}

/// `connect_timeout`, in whole seconds; libpq itself heeds it only where it blocks.
Duration longest_connect(const PostgresAddress& address) {
  Duration longest = address.longest_connect;
  for (const auto& [name, value] : address.settings) {
    int seconds = 0;
    if (name == "connect_timeout") std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (seconds > 0) longest = std::chrono::seconds(seconds);
  }
  return std::min(longest, address.timeout);
}

Connecting finish(PGconn* connection, Duration longest, const StopBell* bell) {
  const auto deadline = std::chrono::steady_clock::now() + longest;
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED || PQstatus(connection) == CONNECTION_BAD) return Connecting::failed;
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto awaited = static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT);
    pollfd ends[] = {{PQsocket(connection), awaited, 0}, {bell == nullptr ? -1 : bell->descriptor(), POLLIN, 0}};
    if (left.count() <= 0 || poll(ends, 2, static_cast<int>(left.count())) == 0) return Connecting::silent;
    if ((ends[1].revents & POLLIN) != 0) return Connecting::stopped;
    state = PQconnectPoll(connection);
  }
  return Connecting::done;
}

std::unexpected<Error> failure_of(const PostgresAddress& address, PGconn* connection, Connecting ended) {
  std::string peer = trimmed(PQerrorMessage(connection));
  const std::string code = take_sqlstate(peer);
  const std::string where = fmt::format("PostgreSQL at {}", address.shown);
  if (ended == Connecting::stopped) return std::unexpected(not_waited_for(address));
  if (PQconnectionNeedsPassword(connection) != 0)
    return fail(ErrorKind::denied, where + " asks for a password", peer, "give it in the URL, or in PGPASSWORD");
  if (ended == Connecting::silent) {  // what libpq says then ends before its reason
    return fail(ErrorKind::unreachable,
                fmt::format("{} does not answer within {}", where, format_duration(longest_connect(address))));
  }
  if (!code.empty()) {
    const StateMeaning& meaning = meaning_of(code);
    return fail(meaning.kind, fmt::format("{}: {}", where, meaning.words), peer);
  }
  if (is_wrong_setting(peer)) return fail(ErrorKind::usage, "libpq cannot use the settings of the target's URL", peer);
  if (is_about_tls(peer)) return fail(ErrorKind::refused, where + ": TLS cannot be had as it is asked for", peer);
  return fail(ErrorKind::unreachable, where + " cannot be reached", peer);
}

}  // namespace

Error not_waited_for(const PostgresAddress& address) {
  return {ErrorKind::stopped, fmt::format("PostgreSQL at {} is not waited for any more", address.shown), "", ""};
}

Result<PgConnection> connect_to(const PostgresAddress& address, const StopBell* bell) {
  HostList hosts(address.settings);
  while (true) {
    PgConnection connection = begin(hosts);
    if (!connection) return fail(ErrorKind::throttled, "no memory for a connection");
    const Connecting ended = finish(connection.get(), longest_connect(address), bell);
    if (ended == Connecting::done) return connection;
    // libpq would wait for a host that does not answer until TCP gives up, and never try the next one.
    const bool silent = ended == Connecting::silent;
    if (silent && hosts.drop_until(PQhost(connection.get()), PQport(connection.get()))) continue;
    return failure_of(address, connection.get(), ended);
  }
}

}  // namespace ctk::sink::sql
