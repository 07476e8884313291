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
  Tried<bool> write(Driver& driver, coordination::Epoch epoch, std::span<const HistoryOfRow> keys) const;

 private:
  Tried<bool> read(Driver& driver, coordination::Epoch epoch, std::span<const HistoryOfRow> keys,
                   std::vector<HistoryOfKey>& histories) const;
  std::vector<Statement> inserts(std::span<const HistoryOfRow> keys, std::span<const HistoryChanges> changes) const;
  Statement ends(std::span<const HistoryOfRow> keys, std::span<const HistoryChanges> changes) const;
  Statement removals(std::span<const HistoryOfRow> keys, std::span<const HistoryChanges> changes) const;

  const Dialect& dialect_;
  table::TableSpec spec_;
  size_t width_;  ///< parameters of a row
  std::string select_, end_, remove_;
  std::vector<std::string> inserts_;  ///< [i]: of 2^i rows
};

/// Makes the history, or says what is in its way. Inside a transaction that has tables_lock.
Tried<bool> ensure_history(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec);

}  // namespace ctk::sink::sql
