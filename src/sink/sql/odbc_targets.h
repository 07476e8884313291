// `odbc:` as a target: what the wiring makes, and what its URL means.
#pragma once

#include <memory>
#include <ostream>
#include <string_view>

#include "sink/sql/odbc_site.h"
#include "sink/target_options.h"

namespace ctk::sink {

// Names of TargetOptions::settings.
inline constexpr std::string_view kOdbcDataSource = "dsn";
inline constexpr std::string_view kOdbcConnection = "connection";

/// `usage` where the URL names no data source.
Result<sql::OdbcAddress> odbc_address_of(const TargetOptions& options);

/// `options.kind` is one of table::odbc_target's.
std::unique_ptr<Database> make_odbc_sink(const TargetOptions& options, const SinkEnvironment& environment);
std::unique_ptr<Sink> make_odbc_dry_run_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                             std::ostream& out);

}  // namespace ctk::sink
