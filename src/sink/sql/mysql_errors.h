// MySQL's and MariaDB's error numbers → what a failure concerns, and how much such a server takes at once. Data, with a
// look-up.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

struct MysqlMeaning {
  unsigned number;
  Scope scope;
  ErrorKind kind;
  std::string_view words;
};

/// The entry of this number, else "refused, for one row or for everything".
const MysqlMeaning& mysql_meaning(unsigned number);

/// Whether the number is the client library's own: the connection is gone then.
constexpr bool is_client_error(unsigned number) { return number >= 2000 && number < 3000; }

/// What a server takes at once: a packet of so many bytes.
inline constexpr std::string_view kAskForPacketSize = "SELECT @@max_allowed_packet";
/// Bytes that a statement, or its parameters, may have in a packet of that size; 0 where it is no number.
size_t room_in_packet(std::string_view size);
/// Of a statement of one row, which cannot be parted.
Failure longer_than_packet(size_t bytes);

}  // namespace ctk::sink::sql
