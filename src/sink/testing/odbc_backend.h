// Databases that are reached through ODBC, as targets of tests.
#pragma once

#include <string>
#include <utility>

#include "sink/sql/odbc_dialects.h"
#include "sink/sql/odbc_targets.h"
#include "sink/sql/sql_backends_test.h"

namespace ctk::sink::testing {

/// A place of its own behind a connection string.
class OdbcBackend : public SqlBackend {
 public:
  OdbcBackend(const table::OdbcKind& kind, std::string connection, std::string schema)
      : SqlBackend(sql::make_odbc_dialect(kind, false)), connection_(std::move(connection)), schema_(std::move(schema)) {}

  TargetOptions options() const override {
    TargetOptions options;
    options.kind = kind();
    options.url.scheme = "odbc";
    options.settings.emplace_back(kOdbcConnection, connection_);
    options.schema = schema_;
    return options;
  }
  std::unique_ptr<Database> make_sink(const TargetOptions& options) override {
    return make_odbc_sink(options, environment());
  }

 private:
  std::string connection_, schema_;
};

}  // namespace ctk::sink::testing
