// A fourth SQL database, for tests: it has less than the three that ctk knows, and so shows what a further one needs. It
// quotes by backquotes and binds by `?`; it has no RETURNING and no row ids; its DDL commits, and so the lock of a table's
// registration is a session's. SQLite keeps its rows. This, and what makes it a target of tests (frugal_test.cc), is all
// that a new database brings: traits, a dialect, a driver.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "sink/sql/dialect.h"
#include "sink/sql/driver.h"

namespace ctk::sink::testing {

extern const table::TargetTraits kFrugalTraits;

std::unique_ptr<sql::Dialect> make_frugal_dialect();

/// What the sessions of one server share.
struct FrugalServer {
  std::map<std::string, const void*> locks;  ///< name → the session that holds it
  /// Called when DDL has committed what came before it, and is about to run. False: the session is lost instead.
  std::function<bool(const std::string& sql)> on_ddl = {};
};

/// `keeper`: a driver of SQLite. What a frugal database would not understand fails the test.
std::unique_ptr<sql::Driver> make_frugal_driver(FrugalServer& server, std::unique_ptr<sql::Driver> keeper);

}  // namespace ctk::sink::testing
