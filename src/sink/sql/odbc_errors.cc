#include "sink/sql/odbc_errors.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "sink/sql/mysql_errors.h"
#include "sink/sql/sql_state.h"
#include "sink/sql/sqlite_errors.h"

namespace ctk::sink::sql {
namespace {

using table::OdbcDialect;
using Kind = ErrorKind;

/// ODBC's own states, and those of the standard that mean the same everywhere (ODBC's reference, appendix A).
constexpr StateMeaning kStates[] = {
    {"08", Scope::lost, Kind::unreachable, "the connection was lost"},
    {"HYT", Scope::doubtful, Kind::unreachable, "the statement took longer than it may"},
    {"HY008", Scope::doubtful, Kind::unreachable, "the statement was cancelled"},
    {"HY001", Scope::call, Kind::throttled, "the driver has no memory"},
    {"22", Scope::row, Kind::refused, "the database refused the row"},
    {"23", Scope::row, Kind::refused, "the database refused the row"},
    {"44", Scope::row, Kind::refused, "the database refused the row"},
    {"01004", Scope::row, Kind::refused, "a value was cut"},
    {"40", Scope::conflict, Kind::unreachable, "transactions were in each other's way"},
    {"28", Scope::call, Kind::denied, "the database refuses this user or password"},
    {"42S02", Scope::doubtful, Kind::not_found, "a table does not exist"},
    {"42501", Scope::doubtful, Kind::denied, "rights are missing"},
    {"53", Scope::call, Kind::throttled, "the database lacks resources"},
    {"57", Scope::lost, Kind::unreachable, "the database is shutting down or starting"},
};
constexpr StateMeaning kUnknown = {"", Scope::doubtful, Kind::refused, "the database refused the statement"};

const StateMeaning& standard_meaning(std::string_view state) {
  const StateMeaning* found = nullptr;
  for (const StateMeaning& meaning : kStates) {
    const bool closer = found == nullptr || meaning.code.size() > found->code.size();
    if (state.starts_with(meaning.code) && closer) found = &meaning;
  }
  return found == nullptr ? kUnknown : *found;
}

/// Whether the driver, or its manager, speaks for itself.
bool is_of_driver(std::string_view state) {
  return state.starts_with("HY") || state.starts_with("IM") || state.starts_with("07") || state.starts_with("08") ||
         state.starts_with("01");
}

Failure made(Scope scope, Kind kind, std::string_view words, const OdbcDiagnosis& diagnosis, const std::string& shown) {
  std::string message(words);
  if (scope != Scope::row) message = shown + ": " + message;
  return {scope, {kind, std::move(message), diagnosis.words, ""}};
}

template <class Meaning>
Failure made(const Meaning& meaning, const OdbcDiagnosis& diagnosis, const std::string& shown) {
  return made(meaning.scope, meaning.kind, meaning.words, diagnosis, shown);
}

}  // namespace

Failure odbc_failure(OdbcDialect dialect, const OdbcDiagnosis& diagnosis, const std::string& shown) {
  const StateMeaning& standard = standard_meaning(diagnosis.state);
  switch (dialect) {
    case OdbcDialect::postgresql:
      if (is_of_driver(diagnosis.state)) break;
      return made(meaning_of(diagnosis.state), diagnosis, shown);
    case OdbcDialect::mysql:
    case OdbcDialect::mariadb: {
      const auto number = static_cast<unsigned>(std::max(diagnosis.native, 0));
      if (is_client_error(number)) return made(Scope::lost, Kind::unreachable, "the connection was lost", diagnosis, shown);
      if (number == 0) break;
      return made(mysql_meaning(number), diagnosis, shown);
    }
    case OdbcDialect::sqlite: {
      if (diagnosis.words.contains("no such table")) return made(kStates[10], diagnosis, shown);
      const SqliteMeaning* meaning = diagnosis.native > 1 ? sqlite_meaning(diagnosis.native) : nullptr;
      if (meaning != nullptr) return made(*meaning, diagnosis, shown);
      break;
    }
    default: break;
  }
  return made(standard, diagnosis, shown);
}

Error odbc_connect_error(const OdbcDiagnosis& diagnosis, const std::string& shown, const std::string& driver) {
  const auto error = [&](Kind kind, std::string message, std::string hint = "") {
    return Error{kind, std::move(message), diagnosis.words, std::move(hint)};
  };
  const std::string package = odbc_driver_package(driver);
  const std::string install = package.empty() ? "install the driver, and name it in odbcinst.ini"
                                              : fmt::format("install the package {} (Debian, Ubuntu)", package);
  if (diagnosis.state == "IM002") {
    const bool by_name = !driver.empty();
    return error(
        Kind::not_found, fmt::format("{} is not known", shown),
        by_name ? install : "name it in odbc.ini: odbcinst -j says where that is; odbcinst -q -s lists what is there");
  }
  // The driver manager's words for a library that it cannot open.
  if (diagnosis.state == "01000" || diagnosis.state == "IM003" || diagnosis.state == "IM004") {
    return error(Kind::not_found, fmt::format("the driver of {} cannot be loaded", shown), install);
  }
  const std::string words = ascii_lower(diagnosis.words);
  const bool refused = diagnosis.state == "28000" || words.contains("authentication failed") ||
                       words.contains("access denied") || words.contains("login failed") || words.contains("ora-01017");
  if (refused) return error(Kind::denied, fmt::format("{} refuses this user or password", shown));
  if (words.contains("fatal:") && words.contains("does not exist")) {
    return error(Kind::not_found, fmt::format("{} names something that is not there", shown));
  }
  const bool missing = diagnosis.state == "HY000" && words.contains("connect failed");
  if (missing || words.contains("unable to open database")) {
    return error(Kind::not_found, fmt::format("{} cannot be opened", shown));
  }
  return error(Kind::unreachable, fmt::format("{} cannot be reached", shown));
}

std::string odbc_driver_package(const std::string& driver) {
  const std::string name = ascii_lower(driver);
  if (name.contains("postgres") || name.contains("psqlodbc")) return "odbc-postgresql";
  if (name.contains("mariadb") || name.contains("maodbc")) return "odbc-mariadb";
  if (name.contains("sqlite")) return "libsqliteodbc";
  if (name.contains("freetds") || name.contains("tdsodbc")) return "tdsodbc";
  if (name.contains("mdbtools")) return "odbc-mdbtools";
  return "";
}

}  // namespace ctk::sink::sql
