#include "sink/sql/mysql_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace ctk::sink::sql {
namespace {

using Kind = ErrorKind;

/// Room for what stands around a statement in its packet.
constexpr size_t kHeader = 1024;

constexpr std::string_view kRow = "the database refused the row";
constexpr std::string_view kReadOnly = "the database is read-only";
constexpr std::string_view kStopping = "the database is shutting down or starting";
constexpr std::string_view kNoTable = "a table does not exist";
constexpr std::string_view kRights = "rights are missing";
constexpr std::string_view kConnections = "the database has too many connections";

constexpr MysqlMeaning kMeanings[] = {
    // One row's own values.
    {1048, Scope::row, Kind::refused, kRow},  // NULL
    {1062, Scope::row, Kind::refused, kRow},  // another unique key
    {1118, Scope::row, Kind::refused, kRow},  // the row is too large for its page
    {1153, Scope::row, Kind::refused, "the row is longer than the server takes (max_allowed_packet)"},
    {1264, Scope::row, Kind::refused, kRow},  // a number out of range
    {1265, Scope::row, Kind::refused, kRow},  // data truncated
    {1292, Scope::row, Kind::refused, kRow},  // a value that the type does not have
    {1366, Scope::row, Kind::refused, kRow},
    {1406, Scope::row, Kind::refused, kRow},  // too long
    {1452, Scope::row, Kind::refused, kRow},  // a foreign key
    {1526, Scope::row, Kind::refused, kRow},  // no partition
    {1644, Scope::row, Kind::refused, kRow},  // a trigger's SIGNAL
    {3140, Scope::row, Kind::refused, kRow},  // JSON
    {3141, Scope::row, Kind::refused, kRow},
    {3157, Scope::row, Kind::refused, kRow},  // JSON, too deep
    {3819, Scope::row, Kind::refused, kRow},  // CHECK, of MySQL
    {4025, Scope::row, Kind::refused, kRow},  // CHECK, of MariaDB
    // The same transaction may succeed now.
    {1020, Scope::conflict, Kind::unreachable, "a row was changed meanwhile"},
    {1213, Scope::conflict, Kind::unreachable, "a deadlock was broken"},
    {1305, Scope::again, Kind::unreachable, "the transaction is not the one that was begun"},
    {1614, Scope::conflict, Kind::unreachable, "transactions were in each other's way"},
    {3101, Scope::conflict, Kind::unreachable, "transactions were in each other's way"},
    {3058, Scope::conflict, Kind::unreachable, "a deadlock of named locks was broken"},
    // The session is not what it was: behind a fail-over it may be on a replica.
    {1047, Scope::lost, Kind::unreachable, "the cluster's node is not ready"},
    {1053, Scope::lost, Kind::unreachable, kStopping},
    {1077, Scope::lost, Kind::unreachable, kStopping},
    {1079, Scope::lost, Kind::unreachable, kStopping},
    {1290, Scope::lost, Kind::unreachable, kReadOnly},
    {1792, Scope::lost, Kind::unreachable, kReadOnly},
    {1836, Scope::lost, Kind::unreachable, kReadOnly},
    {1927, Scope::lost, Kind::unreachable, "the connection was ended"},
    {4031, Scope::lost, Kind::unreachable, "the connection was ended"},
    // Everything, for now.
    {1021, Scope::call, Kind::throttled, "the database's disk is full"},
    {1037, Scope::call, Kind::throttled, "the database has no memory"},
    {1040, Scope::call, Kind::throttled, kConnections},
    {1041, Scope::call, Kind::throttled, "the database has no memory"},
    {1114, Scope::call, Kind::throttled, "the database's disk is full"},
    {1129, Scope::call, Kind::throttled, "the database blocks this machine"},
    {1203, Scope::call, Kind::throttled, kConnections},
    {1206, Scope::call, Kind::throttled, "the database has no room for locks"},
    {1226, Scope::call, Kind::throttled, "the user has used up what he may"},
    // A lock, or a time-out, that one row meets as well as all of them.
    {1205, Scope::doubtful, Kind::throttled, "a lock could not be had in time"},
    {3572, Scope::doubtful, Kind::throttled, "a lock could not be had"},
    {1317, Scope::doubtful, Kind::unreachable, "the statement was cancelled"},
    {1969, Scope::doubtful, Kind::unreachable, "the statement took longer than it may"},
    {3024, Scope::doubtful, Kind::unreachable, "the statement took longer than it may"},
    // Until somebody does something.
    {1142, Scope::doubtful, Kind::denied, kRights},
    {1143, Scope::doubtful, Kind::denied, kRights},
    {1227, Scope::doubtful, Kind::denied, kRights},
    {1370, Scope::doubtful, Kind::denied, kRights},
    {1051, Scope::doubtful, Kind::not_found, kNoTable},
    {1146, Scope::doubtful, Kind::not_found, kNoTable},
    {1044, Scope::call, Kind::denied, "the user has no rights on the database"},
    {1045, Scope::call, Kind::denied, "the database refuses this user or password"},
    {1049, Scope::doubtful, Kind::not_found, "the database does not exist"},
    {1130, Scope::call, Kind::denied, "the database refuses this machine"},
    {1698, Scope::call, Kind::denied, "the database refuses this user or password"},
    {1820, Scope::call, Kind::denied, "the password has expired"},
    {1862, Scope::call, Kind::denied, "the password has expired"},
};

constexpr MysqlMeaning kUnknown = {0, Scope::doubtful, Kind::refused, "the database refused the statement"};

}  // namespace

const MysqlMeaning& mysql_meaning(unsigned number) {
  const auto* found = std::ranges::find(kMeanings, number, &MysqlMeaning::number);
  return found == std::end(kMeanings) ? kUnknown : *found;
}

size_t room_in_packet(std::string_view size) {
  size_t bytes = 0;
  std::from_chars(size.data(), size.data() + size.size(), bytes);
  return bytes - std::min(bytes, kHeader);
}

Failure longer_than_packet(size_t bytes) {
  return {.scope = Scope::row,
          .error = {ErrorKind::refused,
                    fmt::format("a statement of {} bytes is longer than the server takes (max_allowed_packet)", bytes), "",
                    "raise the server's max_allowed_packet"},
          .too_long = true};
}

}  // namespace ctk::sink::sql
