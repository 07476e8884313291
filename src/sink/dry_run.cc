// `--dry-run`: the sinks that print what they would do.
#include <iostream>

#include "sink/cratedb/cratedb_sink.h"
#include "sink/sql/dry_run_sink.h"
#include "sink/target_options.h"

namespace ctk::sink {

std::unique_ptr<Sink> make_dry_run_sink(const TargetOptions& options, const SinkEnvironment& environment) {
  switch (options.kind) {
    case table::Target::cratedb: return make_cratedb_dry_run_sink(options, environment, std::cout);
    case table::Target::postgres:
    case table::Target::sqlite: return sql::make_sql_dry_run_sink(options, environment, std::cout);
    case table::Target::ndjson: break;
  }
  TargetOptions printed = options;  // the rows themselves are what this target would get
  printed.url.path = "-";
  printed.dead_letters_file.reset();
  return make_ndjson_sink(printed, environment);
}

}  // namespace ctk::sink
