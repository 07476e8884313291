// `odbc:` as a target; its URL: odbc_address.h.
#include <algorithm>

#include "sink/sql/dry_run_sink.h"
#include "sink/sql/odbc_dialects.h"
#include "sink/sql/odbc_driver.h"
#include "sink/sql/odbc_targets.h"
#include "sink/sql/sql_sink.h"
#include "sink/sql/watched_driver.h"

namespace ctk::sink {
namespace {

constexpr int kConnections = 2;
/// What a driver has to end its call once it was asked to.
constexpr Duration kPatience = std::chrono::seconds(5);

std::optional<std::string> setting(const TargetOptions& options, std::string_view name) {
  for (const auto& [each, value] : options.settings) {
    if (each == name) return value;
  }
  return std::nullopt;
}

std::unique_ptr<sql::Dialect> dialect_of(const TargetOptions& options, bool for_people) {
  const table::OdbcKind kind = table::odbc_kind(options.kind).value_or(table::OdbcKind{});
  return sql::make_odbc_dialect(kind, for_people);
}

}  // namespace

Result<sql::OdbcAddress> odbc_address_of(const TargetOptions& options) {
  return sql::odbc_address(options.url, setting(options, kOdbcDataSource), setting(options, kOdbcConnection));
}

std::unique_ptr<Database> make_odbc_sink(const TargetOptions& options, const SinkEnvironment& environment) {
  const table::OdbcKind kind = table::odbc_kind(options.kind).value_or(table::OdbcKind{});
  const bool one_writer = !options.kind->concurrent_writers;
  sql::SqlSinkParts parts;
  parts.dialect = dialect_of(options, false);
  for (int i = 0; i < (one_writer ? 1 : options.connections.value_or(kConnections)); ++i) {
    // It was looked at when the target was planned.
    sql::OdbcDriverOptions driver{odbc_address_of(options).value_or(sql::OdbcAddress{}), kind, options.timeout};
    if (options.start_timeout) driver.longest_connect = std::min(driver.longest_connect, *options.start_timeout);
    const auto make = [driver = std::move(driver)] { return sql::make_odbc_driver(driver); };
    parts.drivers.push_back(sql::make_watched_driver(make, kPatience));
  }
  return sql::make_sql_sink(options, environment, std::move(parts));
}

std::unique_ptr<Sink> make_odbc_dry_run_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                             std::ostream& out) {
  return sql::make_dry_run_sink(dialect_of(options, true), options, environment, out);
}

}  // namespace ctk::sink
