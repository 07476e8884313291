// A batch's events on their way into a table's history. What is written is decided in sink/key_history.h.
//
// There are no transactions: the rows come first, then the events, without an end; then what lies around them is read, and
// each row's end is set as it was read to be, bound to the very row that was read. That is looked at again until there is
// nothing left to set: of two who write one key's history at once the last who looks sees both. All of it may be done
// again.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sink/cratedb/bulk_sender.h"
#include "sink/key_history.h"
#include "sink/row_reader.h"

namespace ctk::sink::cratedb {

/// A change that the history does not take: `level` among those of the batch's changes[change].
struct UnkeptChange {
  size_t change = 0;
  size_t level = 0;
  std::string reason;
};

class HistoryWork {
 public:
  /// `outcomes`: of the rows, which are written.
  HistoryWork(Session& session, std::shared_ptr<TableState> state, const TableWrites& writes,
              const std::vector<ChangeOutcome>& outcomes);

  /// What is refused ends as an UnkeptChange.
  Task<Result<bool>> run(BatchBounds& bounds);

  const std::vector<UnkeptChange>& unkept() const { return unkept_; }

 private:
  struct Event : BulkRow {
    size_t change = 0, level = 0;
    const dynamodb::Change* of = nullptr;
    table::Row row;
    bool all_in_aux = false;
  };
  /// A stored row, as it was read.
  struct Stored {
    HistoryEvent event;
    std::string guard;  ///< `_seq_no,_primary_term`
  };
  /// One key's events in this batch, and its rows.
  struct OfKey {
    std::vector<table::KeyCell> cells;
    std::string before;  ///< of before_; empty: not known yet
    std::vector<HistoryEvent> events;
    table::VersionRange window;  ///< in which rows may be that are changes of these
    std::map<std::string, Stored> stored;
  };
  using Keys = std::map<KeyTexts, OfKey>;

  void add(size_t change, size_t level, const dynamodb::Change& of);
  void render(Event& event, table::Rendered rendered);
  Task<Result<bool>> insert(BatchBounds& bounds);
  Keys keys() const;
  /// Sets ends, and removes what is another row's change; false where nothing was left to do.
  Task<Result<bool>> settle();
  Task<Result<bool>> read_nearest(Keys& keys);
  Task<Result<bool>> read_all(Keys& keys);
  Task<Result<bool>> read(Keys& keys, std::vector<OfKey*> asked, bool all);
  Statement select(const std::vector<OfKey*>& asked, bool all) const;
  bool is_near(const OfKey& key, const HistoryEvent& event) const;
  bool needs_all(const KeyTexts& texts, const OfKey& key);
  Task<Result<bool>> change(std::string sql, std::vector<std::string> rows);
  std::string doing() const { return "writing to " + state_->history->spec().name.str(); }
  const table::TableSpec& spec() const { return state_->history->spec(); }

  Session& session_;
  std::shared_ptr<TableState> state_;
  coordination::Epoch table_epoch_, epoch_;
  std::deque<Event> events_;
  std::map<KeyTexts, std::string> before_;  ///< the version of the row that was found before a key's events
  std::vector<UnkeptChange> unkept_;
};

}  // namespace ctk::sink::cratedb
