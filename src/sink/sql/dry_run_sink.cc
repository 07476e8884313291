#include "sink/sql/dry_run_sink.h"

#include "coordination/memory_store.h"
#include "sink/sql/printing_driver.h"
#include "sink/sql/sql_sink.h"

namespace ctk::sink::sql {

std::unique_ptr<Sink> make_dry_run_sink(std::unique_ptr<Dialect> dialect, const TargetOptions& options,
                                        const SinkEnvironment& environment, std::ostream& out) {
  SqlSinkParts parts;
  parts.dialect = std::move(dialect);
  parts.drivers.push_back(make_printing_driver(*parts.dialect, out));
  parts.positions = coordination::make_memory_store(environment.loop, environment.clock);
  return make_sql_sink(options, environment, std::move(parts));
}

}  // namespace ctk::sink::sql
