// Our own tables beside the user's: ctk_tables, ctk_positions, ctk_dead_letters. Their SQL and their rows as values. Pure.
// Times are text, ISO-8601 with six digits: CrateDB's timestamps end at milliseconds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordination/position_store.h"
#include "coordination/table_record.h"
#include "sink/cratedb/protocol.h"
#include "sink/sink.h"

namespace ctk::sink::cratedb {

/// The three names within one schema.
struct Bookkeeping {
  explicit Bookkeeping(const std::string& schema);

  table::QualifiedName tables, positions, dead_letters;
  /// ctk_tables has that column, and `since`; those that an earlier version made may lack them.
  bool has_witnesses = true;

  std::string create_tables() const;
  /// For a ctk_tables that lacks the two.
  std::string add_witnesses() const;
  std::string create_positions() const;
  /// Texts without index and length limit.
  std::string create_dead_letters() const;

  /// A table's record by its primary key (seen at once, without refresh), with what its update is bound to.
  Statement select_record(const std::string& table) const;
  Statement select_records() const;
  Statement insert_record(const coordination::TableRecord& record) const;

  Statement delete_letters(const std::vector<std::string>& ids) const;

  Statement select_positions(const coordination::RelayName& relay) const;
  /// Rows for shards that have none.
  Statement insert_positions(const coordination::RelayName& relay,
                             const std::vector<coordination::StoredPosition>& rows) const;
  /// Takes rows over: raises fence and worker, never lowers them.
  Statement raise_fences(const coordination::RelayName& relay, const std::vector<coordination::StoredPosition>& rows) const;
  /// Moves positions, except where a newer acquisition has raised the fence.
  Statement move_positions(const coordination::RelayName& relay,
                           const std::vector<coordination::StoredPosition>& rows) const;
  /// Sets rows to where they stand in `rows`, read_to included, except where a newer acquisition has raised the fence.
  Statement rewind_positions(const coordination::RelayName& relay,
                             const std::vector<coordination::StoredPosition>& rows) const;
  /// The row with the highest fence, as of the last refresh; an acquisition ends with one.
  Statement select_newest_acquisition(const coordination::RelayName& relay) const;
  Statement select_relays() const;
  Statement delete_positions(const coordination::RelayName& relay, const std::vector<aws::ShardId>& shards) const;

  /// Those that are not there yet; the others' results say 0 rows.
  Statement insert_dead_letters(const std::vector<DeadLetter>& letters) const;
  /// Those that are there get the new reason.
  Statement upsert_dead_letters(const std::vector<DeadLetter>& letters) const;
  Statement select_dead_letters(const std::optional<std::string>& id) const;
  /// Rows id, characters of the change: of letters behind the id `from`, in the order of ids.
  Statement select_dead_letter_sizes(const std::string& from, size_t limit) const;
  /// Those behind `from`, up to and with `last`.
  Statement select_dead_letters_between(const std::string& from, const std::string& last) const;
  /// Key and version of a source table's open letters.
  Statement select_dead_letter_keys(const std::string& source_table) const;
  Statement count_dead_letters(const std::string& source_table) const;
};

/// A record, and the version of its row.
struct StoredRecord {
  coordination::TableRecord record;
  int64_t seq_no = 0;
  int64_t primary_term = 0;
};

/// Replaces a record that nobody has changed since it was read; else the row's result is a lost race.
Statement update_record(const Bookkeeping& ours, const StoredRecord& stored, const coordination::TableRecord& replacement);

/// One row of ctk_tables, as select_record and select_records ask for it.
Result<StoredRecord> read_record(const std::vector<std::string>& row);
Result<std::vector<StoredRecord>> read_records(const Answer& answer);
Result<std::vector<coordination::StoredPosition>> read_positions(const Answer& answer);
std::vector<DeadLetter> read_dead_letters(const Answer& answer);

}  // namespace ctk::sink::cratedb
