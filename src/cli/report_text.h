// What `show table`, `positions` and `dead-letters` print. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sink/sink.h"

namespace ctk::cli {

using RelayRows = std::pair<coordination::RelayName, std::vector<coordination::StoredPosition>>;

/// One object: table, columns[], key[], rows, living, marked, size_bytes, positions[], dead_letters. Ends with a line end.
std::string table_report_json(const sink::TableReport& report, Timestamp now);
std::string table_report_text(const sink::TableReport& report, Timestamp now);

/// How long ago it was read up to; nothing for a shard that was read to its end, and for one of which nothing is known.
std::optional<Duration> stored_lag(const coordination::StoredPosition& row, Timestamp now);

/// An array of objects: relay, shard, position, read_to, lag_seconds, updated, worker, fence, epoch, incarnation.
/// `lag_seconds` is null for a shard that was read to its end, and for one of which nothing is known.
std::string positions_json(const std::vector<RelayRows>& relays, Timestamp now);
std::string positions_text(const std::vector<RelayRows>& relays, Timestamp now);

/// A list of letters, which come some at a time: an array of objects, or aligned columns, page by page, and a count.
class LetterList {
 public:
  explicit LetterList(bool json) : json_(json) {}

  std::string page(const std::vector<sink::DeadLetter>& letters);
  /// Behind the last one.
  std::string end() const;

 private:
  bool json_;
  size_t letters_ = 0;
};

/// An object with the columns of ctk_dead_letters.
std::string dead_letter_json(const sink::DeadLetter& dead_letter);
std::string dead_letter_text(const sink::DeadLetter& dead_letter);

}  // namespace ctk::cli
