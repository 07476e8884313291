// `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite:relative.db`, `sqlite:///:memory:`.
#include "sink/sql/dry_run_sink.h"
#include "sink/sql/sql_sink.h"
#include "sink/sql/sql_targets.h"
#include "sink/sql/sqlite_dialect.h"
#include "sink/sql/sqlite_driver.h"

namespace ctk::sink {
namespace {

constexpr Duration kLongestBusy = std::chrono::seconds(10);

}  // namespace

std::string sqlite_file(const net::Url& url) {
  std::string path = url.path;
  if (path.starts_with('/')) path.erase(0, 1);
  return path.empty() ? ":memory:" : path;
}

std::unique_ptr<Database> make_sqlite_sink(const TargetOptions& options, const SinkEnvironment& environment) {
  sql::SqlSinkParts parts;
  parts.dialect = sql::make_sqlite_dialect();
  parts.drivers.push_back(sql::make_sqlite_driver(sqlite_file(options.url), options.timeout.value_or(kLongestBusy)));
  return sql::make_sql_sink(options, environment, std::move(parts));
}

std::unique_ptr<Sink> make_sqlite_dry_run_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                               std::ostream& out) {
  return sql::make_dry_run_sink(sql::make_sqlite_dialect(), options, environment, out);
}

}  // namespace ctk::sink
