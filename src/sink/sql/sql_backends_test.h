// SQL databases as targets of tests.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/event_loop.h"
#include "base/random.h"
#include "sink/conformance_test.h"
#include "sink/sql/dialect.h"
#include "sink/testing/postgres_server.h"

namespace ctk::sink::testing {

/// What the tests of SQL databases have in common: virtual time, and jobs that are done at once.
class SqlBackend : public Backend {
 public:
  explicit SqlBackend(std::unique_ptr<sql::Dialect> dialect) : dialect_(std::move(dialect)) {}

  table::Target kind() const override { return dialect_->target(); }
  bool run_until(const std::function<bool()>& done) override { return loop_.run_until(done, std::chrono::hours(1)); }
  Clock& clock() override { return loop_; }
  std::string quoted(const table::QualifiedName& name) const override { return dialect_->quote(name); }
  std::string select_rows(const table::TableSpec& spec) const override;

 protected:
  SinkEnvironment environment();
  /// `select_rows` of MySQL and MariaDB, whose decimals come with all of their places.
  std::string select_trimmed_rows(const table::TableSpec& spec) const;

 private:
  std::unique_ptr<sql::Dialect> dialect_;
  VirtualLoop loop_{from_micros(1'700'000'000'000'000)};
  Random random_{1};
};

/// A file of its own in a temporary folder.
std::unique_ptr<Backend> make_sqlite_backend();
/// A schema of its own in the shared server; null where there is no PostgreSQL.
std::unique_ptr<Backend> make_postgres_backend();
TargetOptions postgres_options(const DatabaseServer& server, const std::string& schema);

}  // namespace ctk::sink::testing
