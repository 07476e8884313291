// The SQL databases as targets: what the wiring makes, and what their URLs mean.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "net/url.h"
#include "sink/target_options.h"

namespace ctk::sink {

std::unique_ptr<Database> make_sqlite_sink(const TargetOptions& options, const SinkEnvironment& environment);
std::unique_ptr<Database> make_postgres_sink(const TargetOptions& options, const SinkEnvironment& environment);
/// MySQL's and MariaDB's, by `options.kind`.
std::unique_ptr<Database> make_mysql_sink(const TargetOptions& options, const SinkEnvironment& environment);

/// For `--dry-run`: these print to `out` what would be run, parameters as comments, and connect to nothing.
std::unique_ptr<Sink> make_sqlite_dry_run_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                               std::ostream& out);
std::unique_ptr<Sink> make_postgres_dry_run_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                                 std::ostream& out);
std::unique_ptr<Sink> make_mysql_dry_run_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                              std::ostream& out);

/// Which file a SQLite target's URL names, as SQLAlchemy reads it: the URL's third slash only ends the empty host.
/// ":memory:" where there is none.
std::string sqlite_file(const net::Url& url);

/// The names of libpq's connection settings that a postgresql:// URL takes beside our options.
std::vector<std::string> postgres_settings();
/// The name of the setting of a mysql:// target that holds its socket's path.
inline constexpr std::string_view kMysqlSocket = "unix-socket";

}  // namespace ctk::sink
