#include "sink/sql/sql_state.h"

namespace ctk::sink::sql {
namespace {

using Kind = ErrorKind;

constexpr std::string_view kRow = "PostgreSQL refused the row";
constexpr std::string_view kStatement = "PostgreSQL refused the statement";

constexpr StateMeaning kMeanings[] = {
    // One row's own values.
    {"22", Scope::row, Kind::refused, kRow},     // data exception: text, numbers, JSON that the type cannot hold
    {"23", Scope::row, Kind::refused, kRow},     // a constraint, or no partition for the row
    {"44000", Scope::row, Kind::refused, kRow},  // WITH CHECK OPTION
    {"54000", Scope::row, Kind::refused, kRow},  // a limit: a key too long for its index, JSON or a row too large
    {"P0", Scope::row, Kind::refused, kRow},     // a trigger's RAISE or ASSERT
    {"21000", Scope::row, Kind::refused, kRow},  // two rows of one INSERT are one to the table's key
    // The same transaction may succeed now.
    {"40", Scope::conflict, Kind::unreachable, "transactions were in each other's way"},
    {"40P01", Scope::conflict, Kind::unreachable, "a deadlock was broken"},
    {"26000", Scope::again, Kind::unreachable, "a prepared statement is gone"},
    {"42P05", Scope::again, Kind::unreachable, "a prepared statement of this name is another session's"},
    // The session is not what it was: behind a fail-over it may be on a standby, behind a pooler somebody else's.
    {"08", Scope::lost, Kind::unreachable, "the connection was lost"},
    {"25", Scope::lost, Kind::unreachable, "the session's transaction is not the one that was begun"},
    {"25006", Scope::lost, Kind::unreachable, "the database is read-only"},
    {"57", Scope::lost, Kind::unreachable, "the database is shutting down or starting"},
    {"57P04", Scope::lost, Kind::not_found, "the database was dropped"},
    // Everything, for now.
    {"53", Scope::call, Kind::throttled, "the database lacks resources"},
    {"53100", Scope::call, Kind::throttled, "the database's disk is full"},
    {"53200", Scope::call, Kind::throttled, "the database has no memory"},
    {"53300", Scope::call, Kind::throttled, "the database has too many connections"},
    {"58", Scope::call, Kind::unreachable, "the database's machine failed"},
    // A lock, or a time-out, that one row meets as well as all of them.
    {"55P03", Scope::doubtful, Kind::throttled, "a lock could not be had"},
    {"57014", Scope::doubtful, Kind::unreachable, "the statement was cancelled"},
    {"XX", Scope::doubtful, Kind::unreachable, "the database has an internal error"},
    // Until somebody does something: row security refuses one row, a missing right all of them, with the same code.
    {"42501", Scope::doubtful, Kind::denied, "rights are missing"},
    {"42P01", Scope::doubtful, Kind::not_found, "a table does not exist"},
    {"3F000", Scope::doubtful, Kind::not_found, "the schema does not exist"},
    {"28", Scope::call, Kind::denied, "the database refuses this user or password"},
    {"3D000", Scope::call, Kind::not_found, "the database does not exist"},
    {"", Scope::doubtful, Kind::refused, kStatement},
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
