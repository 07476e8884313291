#include "table/odbc_target.h"

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/ascii.h"
#include "table/standard_targets.h"

namespace ctk::table {
namespace {

TargetTraits sqlite() {
  TargetTraits traits = kSqliteTraits;
  traits.stale_rows = StaleRows::looked_up;  // counts are not believed
  traits.keys.text_takes_nul = false;        // the driver ends texts there
  return traits;
}

/// The default schema is the session's own database.
TargetTraits of_session(TargetTraits traits) {
  traits.default_schema = {};
  return traits;
}

TargetTraits traits_of(const OdbcKind& kind) {
  TargetTraits traits = kPostgresTraits;
  switch (kind.dialect) {
    case OdbcDialect::postgresql: break;
    case OdbcDialect::mysql: traits = of_session(kMysqlTraits); break;
    case OdbcDialect::mariadb: traits = of_session(kMariadbTraits); break;
    case OdbcDialect::sqlite: traits = sqlite(); break;
    case OdbcDialect::sqlserver: traits = sqlserver_traits(); break;
    case OdbcDialect::oracle: traits = oracle_traits(); break;
    case OdbcDialect::db2: traits = db2_traits(); break;
    case OdbcDialect::duckdb: traits = duckdb_traits(); break;
    case OdbcDialect::snowflake: traits = snowflake_traits(); break;
    case OdbcDialect::generic: traits = generic_traits(); break;
  }
  if (!kind.transactions) traits.transactions = traits.savepoints = traits.ddl_in_transactions = false;
  return traits;
}

/// All that were asked for. Traits do not move in a map.
struct Kinds {
  std::mutex mutex;
  std::map<OdbcKind, TargetTraits> traits;
};

Kinds& kinds() {
  static Kinds all;
  return all;
}

}  // namespace

std::optional<OdbcDialect> parse_odbc_dialect(std::string_view text) {
  constexpr auto kNames = std::to_array<std::pair<std::string_view, OdbcDialect>>({{"postgresql", OdbcDialect::postgresql},
                                                                                   {"mysql", OdbcDialect::mysql},
                                                                                   {"sqlite", OdbcDialect::sqlite},
                                                                                   {"sqlserver", OdbcDialect::sqlserver},
                                                                                   {"oracle", OdbcDialect::oracle},
                                                                                   {"db2", OdbcDialect::db2},
                                                                                   {"duckdb", OdbcDialect::duckdb},
                                                                                   {"snowflake", OdbcDialect::snowflake},
                                                                                   {"generic", OdbcDialect::generic}});
  for (const auto& [name, dialect] : kNames) {
    if (text == name) return dialect;
  }
  return std::nullopt;
}

std::optional<OdbcDialect> odbc_dialect_of(std::string_view product, std::string_view version) {
  const std::string name = ascii_lower(product);
  if (name.contains("mariadb") || ascii_lower(version).contains("mariadb")) return OdbcDialect::mariadb;
  constexpr auto kProducts =
      std::to_array<std::pair<std::string_view, OdbcDialect>>({{"postgres", OdbcDialect::postgresql},
                                                               {"mysql", OdbcDialect::mysql},
                                                               {"sqlite", OdbcDialect::sqlite},
                                                               {"sql server", OdbcDialect::sqlserver},
                                                               {"oracle", OdbcDialect::oracle},
                                                               {"db2", OdbcDialect::db2},
                                                               {"duckdb", OdbcDialect::duckdb},
                                                               {"snowflake", OdbcDialect::snowflake}});
  for (const auto& [part, dialect] : kProducts) {
    if (name.contains(part)) return dialect;
  }
  return std::nullopt;
}

Target odbc_target(const OdbcKind& kind) {
  Kinds& all = kinds();
  const std::scoped_lock lock(all.mutex);
  const auto [found, fresh] = all.traits.try_emplace(kind);
  if (fresh) found->second = traits_of(kind);
  return found->second;
}

std::optional<OdbcKind> odbc_kind(Target target) {
  Kinds& all = kinds();
  const std::scoped_lock lock(all.mutex);
  for (const auto& [kind, traits] : all.traits) {
    if (&traits == &*target) return kind;
  }
  return std::nullopt;
}

}  // namespace ctk::table
