// What the statements for MySQL have to know of the server, which is met after they have an author.
#pragma once

#include <atomic>
#include <string_view>

namespace ctk::sink::sql {

/// Shared by a dialect, which asks when it makes a text, and its drivers, which learn it whenever they connect.
struct MysqlManners {
  /// Whether an INSERT's rows can be given a name: `VALUES (…) AS new`, from 8.0.19 on (MySQL's manual, "INSERT ... ON
  /// DUPLICATE KEY UPDATE Statement"). Those before, and TiDB, which says it is 8.0.11, have VALUES() alone.
  std::atomic<bool> names_rows{true};
};

/// `version` as a server of MySQL says it, "8.0.15-log".
bool names_rows(std::string_view version);

}  // namespace ctk::sink::sql
