// The SQL databases as targets: what the wiring makes, and what their URLs mean.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/url.h"
#include "sink/target_options.h"

namespace ctk::sink {

std::unique_ptr<Sink> make_sqlite_sink(const TargetOptions& options, const SinkEnvironment& environment);
std::unique_ptr<Sink> make_postgres_sink(const TargetOptions& options, const SinkEnvironment& environment);

/// Which file a SQLite target's URL names, as SQLAlchemy reads it: the URL's third slash only ends the empty host.
/// ":memory:" where there is none.
std::string sqlite_file(const net::Url& url);

/// The names of libpq's connection settings that a postgresql:// URL takes beside our options.
std::vector<std::string> postgres_settings();

}  // namespace ctk::sink
