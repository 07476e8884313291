// PostgreSQL as a target; its URL: postgres_address.h.
#include "sink/sql/dry_run_sink.h"
#include "sink/sql/postgres_address.h"
#include "sink/sql/postgres_dialect.h"
#include "sink/sql/postgres_driver.h"
#include "sink/sql/sql_sink.h"
#include "sink/sql/sql_targets.h"

namespace ctk::sink {
namespace {

constexpr int kConnections = 2;

}  // namespace

std::unique_ptr<Database> make_postgres_sink(const TargetOptions& options, const SinkEnvironment& environment) {
  sql::SqlSinkParts parts;
  parts.dialect = sql::make_postgres_dialect();
  for (int i = 0; i < options.connections.value_or(kConnections); ++i) {
    sql::PostgresAddress address = sql::address_of(options);
    address.session = environment.random.hex(16);
    parts.drivers.push_back(sql::make_postgres_driver(std::move(address)));
  }
  return sql::make_sql_sink(options, environment, std::move(parts));
}

std::unique_ptr<Sink> make_postgres_dry_run_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                                 std::ostream& out) {
  constexpr size_t kRowsPerInsert = 1;  // as a reader wants them
  return sql::make_dry_run_sink(sql::make_postgres_dialect(kRowsPerInsert), options, environment, out);
}

}  // namespace ctk::sink
