#include "sink/sql/sqlite_errors.h"

#include <sqlite3.h>

#include <algorithm>
#include <iterator>

namespace ctk::sink::sql {
namespace {

constexpr SqliteMeaning kMeanings[] = {
    {SQLITE_CONSTRAINT, Scope::row, ErrorKind::refused, "SQLite refused the row"},
    {SQLITE_TOOBIG, Scope::row, ErrorKind::refused, "SQLite refused the row"},
    {SQLITE_MISMATCH, Scope::row, ErrorKind::refused, "SQLite refused the row"},
    {SQLITE_BUSY, Scope::call, ErrorKind::unreachable, "the database file is locked by another program"},
    {SQLITE_LOCKED, Scope::call, ErrorKind::unreachable, "the database is locked"},
    {SQLITE_NOMEM, Scope::call, ErrorKind::throttled, "SQLite has no memory"},
    {SQLITE_INTERRUPT, Scope::call, ErrorKind::unreachable, "SQLite was interrupted"},
    {SQLITE_IOERR, Scope::call, ErrorKind::unreachable, "the database file cannot be read or written"},
    {SQLITE_PROTOCOL, Scope::call, ErrorKind::unreachable, "the database file is locked"},
    {SQLITE_FULL, Scope::call, ErrorKind::throttled, "the disk is full"},
    {SQLITE_READONLY, Scope::call, ErrorKind::denied, "the database file may not be written"},
    {SQLITE_PERM, Scope::call, ErrorKind::denied, "the database file may not be accessed"},
    {SQLITE_AUTH, Scope::call, ErrorKind::denied, "the database file may not be accessed"},
    {SQLITE_CANTOPEN, Scope::call, ErrorKind::not_found, "the database file cannot be opened"},
    {SQLITE_NOTADB, Scope::call, ErrorKind::refused, "the file is no SQLite database"},
    {SQLITE_CORRUPT, Scope::call, ErrorKind::refused, "the database file is damaged"},
};

}  // namespace

const SqliteMeaning* sqlite_meaning(int code) {
  const auto* found = std::ranges::find(kMeanings, code & 0xff, &SqliteMeaning::code);
  return found == std::end(kMeanings) ? nullptr : found;
}

}  // namespace ctk::sink::sql
