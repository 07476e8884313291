// One sink for every SQL database: it puts Dialect, Drivers and the parts of this room together.
#pragma once

#include <memory>
#include <vector>

#include "sink/sink.h"
#include "sink/sql/dialect.h"
#include "sink/sql/driver.h"
#include "sink/target_options.h"

namespace ctk::sink::sql {

struct SqlSinkParts {
  std::unique_ptr<Dialect> dialect;
  std::vector<std::unique_ptr<Driver>> drivers;            ///< one a connection
  std::unique_ptr<coordination::PositionStore> positions;  ///< in place of ctk_positions, for `--dry-run`
  size_t batch_rows = 1000;
  size_t batch_bytes = 4u << 20;
};

std::unique_ptr<Database> make_sql_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                        SqlSinkParts parts);

}  // namespace ctk::sink::sql
