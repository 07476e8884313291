// From the target's URL, its options and the environment to sink::TargetOptions. Pure.
//
//   crate://[user[:pw]@]host[,host…][:port][/schema[/table]][?ssl=true&…]      also cratedb://, crate+https://, https://, …
//   postgresql://[user[:pw]@][host[:port],…]/database[?table=[schema.]table&…]  also postgres://, and libpq's own options
//   mysql://[user[:pw]@][host[:port]]/database[?table=[database.]table&…]      also mariadb://
//   odbc:///?dsn=NAME&table=…  odbc:///?connection=DRIVER%3D…  odbc://user:pw@/?…
//   sqlite:///relative.db?table=…  sqlite:////absolute.db                      as in SQLAlchemy
//   ndjson:///absolute/path  ndjson:-
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "aws/environment.h"
#include "cli/options.h"
#include "sink/sql/odbc_targets.h"
#include "sink/target_options.h"

namespace ctk::cli {

/// Finds out what is behind an ODBC data source: it may connect, and block. One that cannot be reached is tried for
/// `patience`.
using OdbcQuestion = std::function<Result<sink::sql::OdbcSite>(
    const sink::sql::OdbcAddress&, std::optional<table::OdbcDialect> wished, Duration patience)>;

struct TargetPlan {
  sink::TargetOptions target;
  OptionValues options;  ///< of the target and of the run, checked
};

/// `ask` is called for `odbc:` only.
Result<TargetPlan> plan_target(const std::string& url, const FlagValues& flags, const OdbcQuestion& ask = {});

/// Whether an option of that set means something to the target.
bool means_something(TargetSet set, table::Target target);

/// The argument, else --target, else CRATEDB_CLUSTER_URL, else CRATEDB_SQLALCHEMY_URL, else `usage`.
Result<std::string> find_target(const std::optional<std::string>& argument, const std::optional<std::string>& flag,
                                const aws::Environment& environment);

/// Whether a word on the command line is a target's URL rather than a name: it begins with a known scheme and a colon.
bool looks_like_target(std::string_view word);

/// `table`, `schema.table`, either part in double quotes (`public."a.b"`, a quote doubled). `with_schema` false takes the
/// whole text for the table's name, dots included, unless it is quoted.
Result<table::QualifiedName> parse_table_name(std::string_view text, bool with_schema);

/// The name that `show table` means on a target: its own schema where the text has none.
Result<table::QualifiedName> resolve_table_name(std::string_view text, const sink::TargetOptions& target);

}  // namespace ctk::cli
