// MySQL and MariaDB as targets; their URL: mysql_address.h.
#include "sink/sql/dry_run_sink.h"
#include "sink/sql/mysql_address.h"
#include "sink/sql/mysql_dialect.h"
#include "sink/sql/mysql_driver.h"
#include "sink/sql/sql_sink.h"
#include "sink/sql/sql_targets.h"

namespace ctk::sink {
namespace {

constexpr int kConnections = 2;

}  // namespace

std::unique_ptr<Database> make_mysql_sink(const TargetOptions& options, const SinkEnvironment& environment) {
  sql::SqlSinkParts parts;
  const auto manners = std::make_shared<sql::MysqlManners>();
  parts.dialect = sql::make_mysql_dialect(options.kind, sql::kMysqlRowsPerInsert, manners);
  for (int i = 0; i < options.connections.value_or(kConnections); ++i) {
    parts.drivers.push_back(sql::make_mysql_driver(sql::mysql_address(options), manners));
  }
  return sql::make_sql_sink(options, environment, std::move(parts));
}

std::unique_ptr<Sink> make_mysql_dry_run_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                              std::ostream& out) {
  constexpr size_t kRowsPerInsert = 1;  // as a reader wants them
  return sql::make_dry_run_sink(sql::make_mysql_dialect(options.kind, kRowsPerInsert), options, environment, out);
}

}  // namespace ctk::sink
