#include "sink/sql/sql_state.h"

namespace ctk::sink::sql {
namespace {

using Kind = ErrorKind;

constexpr std::string_view kRow = "PostgreSQL refused the row";
constexpr std::string_view kStatement = "PostgreSQL refused the statement";

constexpr StateMeaning kMeanings[] = {
    // One row's own values.
    {"22", Scope::row, Kind::refused, kRow},     // data exception: text, numbers, JSON that the type cannot hold
    {"23", Scope::row, Kind::refused, kRow},     // a constraint
    {"44000", Scope::row, Kind::refused, kRow},  // WITH CHECK OPTION
    {"54000", Scope::row, Kind::refused, kRow},  // a limit: a key too long for its index, JSON too large
    {"P0001", Scope::row, Kind::refused, kRow},  // a trigger's RAISE
    {"21000", Scope::row, Kind::refused, kRow},  // two rows of one INSERT are one to the table's key
    // The same transaction may succeed now.
    {"40001", Scope::again, Kind::unreachable, "transactions were in each other's way"},
    {"40P01", Scope::again, Kind::unreachable, "a deadlock was broken"},
    {"26000", Scope::again, Kind::unreachable, "a prepared statement is gone"},
    {"0A000", Scope::again, Kind::refused, "PostgreSQL cannot do this, or the table has changed its columns"},
    // Everything, for now.
    {"08", Scope::lost, Kind::unreachable, "the connection was lost"},
    {"53100", Scope::call, Kind::refused, "the database's disk is full"},
    {"53200", Scope::call, Kind::throttled, "the database has no memory"},
    {"53300", Scope::call, Kind::throttled, "the database has too many connections"},
    {"53", Scope::call, Kind::refused, "the database lacks resources"},
    {"55P03", Scope::call, Kind::throttled, "a lock could not be had"},
    {"57014", Scope::call, Kind::unreachable, "the statement was cancelled"},
    {"57P04", Scope::lost, Kind::not_found, "the database was dropped"},
    {"57", Scope::lost, Kind::unreachable, "the database is shutting down or starting"},
    {"58", Scope::call, Kind::unreachable, "the database's machine failed"},
    // Everything, until somebody does something.
    {"25006", Scope::call, Kind::refused, "the database is read-only"},
    {"28", Scope::call, Kind::denied, "the database refuses this user or password"},
    {"3D000", Scope::call, Kind::not_found, "the database does not exist"},
    {"3F000", Scope::call, Kind::not_found, "the schema does not exist"},
    {"42P01", Scope::call, Kind::not_found, "a table does not exist"},
    {"42501", Scope::call, Kind::denied, "rights are missing"},
    {"42", Scope::call, Kind::refused, kStatement},
    {"", Scope::call, Kind::refused, kStatement},
};

}  // namespace

const StateMeaning& meaning_of(std::string_view sqlstate) {
  const StateMeaning* of_class = nullptr;
  for (const StateMeaning& meaning : kMeanings) {
    if (meaning.code == sqlstate) return meaning;
    bool same_class = meaning.code.size() != 5 && sqlstate.starts_with(meaning.code);
    if (same_class && of_class == nullptr) of_class = &meaning;
  }
  return *of_class;  // the last entry fits every code
}

}  // namespace ctk::sink::sql
