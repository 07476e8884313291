#include "sink/sql/postgres_address.h"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "sink/sql/sql_targets.h"

namespace ctk::sink {
namespace sql {
namespace {

constexpr Duration kLongestAnswer = std::chrono::seconds(90);

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ConnectionOptions = std::unique_ptr<PQconninfoOption, FreeOptions>;

/// What libpq takes for a setting that nobody gives: of the environment, a service, or compiled in.
std::string libpq_default(const std::string& name) {
  const ConnectionOptions all(PQconndefaults());
  for (const PQconninfoOption* each = all.get(); each != nullptr && each->keyword != nullptr; ++each) {
    if (name == each->keyword) return each->val == nullptr ? "" : each->val;
  }
  return "";
}

class Settings {
 public:
  /// An empty value is none.
  void set(const std::string& name, std::string value) {
    if (!value.empty()) all_.emplace_back(name, std::move(value));
  }
  std::optional<std::string> find(const std::string& name) const {
    for (auto each = all_.rbegin(); each != all_.rend(); ++each) {
      if (each->first == name) return each->second;
    }
    return std::nullopt;
  }
  /// The same, or what libpq takes.
  std::string effective(const std::string& name) const {
    if (std::optional<std::string> given = find(name)) return *given;
    return find("service") ? "" : libpq_default(name);
  }
  std::vector<std::pair<std::string, std::string>> take() && { return std::move(all_); }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// "one:5432,two:5433/database", for people.
std::string shown(const Settings& settings) {
  const std::string database = settings.effective("dbname");
  const std::string behind = database.empty() ? "" : "/" + database;
  std::string hosts = settings.effective("host");
  if (hosts.empty()) hosts = settings.effective("hostaddr");
  if (hosts.empty()) {
    const std::optional<std::string> service = settings.find("service");
    return (service ? "the service " + *service : "the local socket") + behind;
  }
  const std::vector<std::string> ports = split(settings.effective("port"));
  std::string text;
  size_t n = 0;
  for (const std::string& host : split(hosts)) {
    std::string port = ports.size() == 1 ? ports.front() : n < ports.size() ? ports[n] : "";
    if (port.empty()) port = "5432";
    ++n;
    text += text.empty() ? "" : ",";
    if (host.starts_with('/')) {
      text += host + "/.s.PGSQL." + port;
    } else {
      text += (host.contains(':') ? "[" + host + "]" : host) + ":" + port;
    }
  }
  return text + behind;
}

/// The URL's own parts.
void add_url(const net::Url& url, Settings& settings) {
  std::string hosts, ports;
  bool any_port = false;
  for (const net::Endpoint& endpoint : url.hosts) {
    const std::string separator = &endpoint == &url.hosts.front() ? "" : ",";
    hosts += separator + endpoint.host;
    ports += separator + (endpoint.port ? std::to_string(*endpoint.port) : "");
    any_port = any_port || endpoint.port;
  }
  settings.set("host", hosts);
  if (any_port) settings.set("port", ports);
  settings.set("dbname", url.path.starts_with('/') ? url.path.substr(1) : url.path);
  settings.set("user", url.user);
  if (url.password) settings.set("password", url.password->reveal());
}

}  // namespace

PostgresAddress address_of(const TargetOptions& options) {
  Settings settings;
  settings.set("fallback_application_name", "ctk");
  add_url(options.url, settings);
  for (const auto& [name, value] : options.settings) settings.set(name, value);
  if (!settings.find("service")) {
    // A machine that is gone is noticed within two minutes, also while a statement may take its time.
    const std::pair<const char*, const char*> patience[] = {
        {"keepalives_idle", "60"}, {"keepalives_interval", "15"}, {"keepalives_count", "4"}};
    for (const auto& [name, value] : patience) {
      if (!settings.find(name)) settings.set(name, value);
    }
  }
  settings.set("sslmode", options.sslmode.value_or(options.ssl ? "require" : ""));
  settings.set("client_encoding", "UTF8");

  PostgresAddress address;
  address.timeout = options.timeout.value_or(kLongestAnswer);
  address.longest_connect = std::min(address.longest_connect, options.start_timeout.value_or(address.timeout));
  address.query_schema = options.query_schema;
  address.shown = shown(settings);
  address.settings = std::move(settings).take();
  return address;
}

}  // namespace sql

std::vector<std::string> postgres_settings() {
  std::vector<std::string> names;
  const sql::ConnectionOptions all(PQconndefaults());
  for (const PQconninfoOption* each = all.get(); each != nullptr && each->keyword != nullptr; ++each) {
    const std::string name = each->keyword;
    if (name != "replication") names.push_back(name);
  }
  return names;
}

}  // namespace ctk::sink
