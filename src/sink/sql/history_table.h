// A history in a SQL database: the table itself, and the statements that read and write it. What is written is decided in
// sink/key_history.h.
//
// Whoever writes a key's history holds the lock of its row in the table, taken by writing the row in the same transaction:
// so nobody else changes the rows that were read.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sink/key_history.h"
#include "sink/sql/bookkeeping.h"
#include "table/history.h"

namespace ctk::sink::sql {

/// One event of a key, as it is written. It views what it is made of.
struct HistoryRow {
  const table::Row* row = nullptr;
  std::string_view operation;
  bool by_time_to_live = false;
};

/// The events that one write brings to a key: at least one.
struct HistoryOfRow {
  std::vector<HistoryRow> rows;
  const std::vector<table::KeyCell>& key() const { return rows.front().row->keys; }
};

/// Immutable, shared between connections.
class HistoryTable {
 public:
  /// `spec`: make_history_spec's.
  HistoryTable(const Dialect& dialect, table::TableSpec spec);

  const table::TableSpec& spec() const { return spec_; }
  /// Brings the events in, in the transaction that has written the keys' rows. `epoch`: the table's.
  SqlResult<bool> write(Driver& driver, coordination::Epoch epoch, std::span<const HistoryOfRow> keys) const;

 private:
  /// A range of versions of a key, to be read.
  struct Window {
    size_t key_place;
    const std::vector<table::KeyCell>* key;
    table::VersionRange range;
  };
  using EventsOfEach = std::vector<std::vector<HistoryEvent>>;
  /// Runs SELECTs, prepared for many parameters of `count` questions, which `ask(params, i)` appends. What each found.
  template <class Ask>
  SqlResult<EventsOfEach> ask_each(Driver& driver, size_t count, const std::vector<std::string>& texts, bool joined,
                                   Ask ask) const;
  /// The newest row of each key, or none of them where that is not to be had.
  SqlResult<EventsOfEach> read_newest(Driver& driver, std::span<const HistoryOfRow> keys) const;
  /// Its parameters, which view it.
  void append(std::vector<Param>& params, const Window& window) const;
  SqlResult<bool> read(Driver& driver, coordination::Epoch epoch, std::span<const HistoryOfRow> keys,
                       std::vector<HistoryOfKey>& histories) const;
  std::vector<Statement> inserts(std::span<const HistoryOfRow> keys, std::span<const HistoryChanges> changes) const;
  std::vector<Statement> ends(std::span<const HistoryOfRow> keys, std::span<const HistoryChanges> changes) const;
  Statement removals(std::span<const HistoryOfRow> keys, std::span<const HistoryChanges> changes) const;
  /// Whether the rows that were inserted are there as they were given.
  SqlResult<bool> check_kept(Driver& driver, std::span<const HistoryOfRow> keys,
                             std::span<const HistoryChanges> changes) const;

  const Dialect& dialect_;
  table::TableSpec spec_;
  size_t width_;                             ///< parameters of a row
  std::vector<std::string> inserts_;         ///< [i]: of 2^i rows
  std::vector<std::string> newest_;          ///< the same (Dialect::joins_keys), one of one key, or none
  std::vector<std::string> windows_, ends_;  ///< the same (Dialect::joins_values), or one of one row
  std::string remove_;
};

/// Makes the history, or says what is in its way. Inside a transaction that has tables_lock.
SqlResult<bool> ensure_history(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec);

}  // namespace ctk::sink::sql
