// Rows of a batch of which some were refused: whose fault it was is found by halving, within a transaction, and those are
// parked while the others are written. It must not know of positions, epochs and letters, nor when a transaction ends.
#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "sink/sql/row_item.h"
#include "sink/sql/sql_writer.h"

namespace ctk::sink::sql {

/// Of one batch, for all the transactions that it takes. In each: begin(), write() for each table, settle(). A failure is
/// the transaction's; what was parked stays so.
class CarefulRows {
 public:
  CarefulRows(Driver& driver, const WriteJob& job) : driver_(driver), job_(job) {}

  SqlResult<bool> begin();
  /// A row that is refused alone is parked, where that is sure, and what lies below it is tried.
  SqlResult<bool> write(std::span<RowItem*> items, const RowTable& table);
  /// Parks the rows that may not be the only ones to be refused, and tries what lies below them, unless the target is to
  /// blame.
  SqlResult<bool> settle();
  /// Whether the transaction that has failed has shown whose row it was: the next one gets further. Once.
  bool take_found() { return std::exchange(found_one_, false); }

 private:
  using Items = std::span<RowItem*>;
  /// A row that was refused alone, and may not be the only one.
  struct Doubt {
    RowItem* item;
    const RowTable* table;
    Failure failure;
  };

  /// Rows and their histories, or nothing of them.
  SqlResult<bool> write_with_history(Items items, const RowTable& table);
  SqlResult<bool> write_alone_with_history(RowItem& item, const RowTable& table);
  /// Work that can be taken back as a whole, where the database can.
  SqlResult<bool> in_part(const std::function<SqlResult<bool>()>& work);
  SqlResult<bool> refused(Items items, const RowTable& table, Failure failure);
  /// Fails as the target does where it takes no rows at all.
  SqlResult<bool> try_nothing(const RowTable& table);
  SqlResult<bool> park_suppressed(Items items, const RowTable& table);

  Driver& driver_;
  const WriteJob& job_;
  bool singly_ = false;  ///< a refusal ends the transaction: halves cannot be taken back
  bool found_one_ = false;
  // Of one transaction:
  std::vector<Doubt> doubts_;
  size_t taken_ = 0;                     ///< rows that were written, one by one or together
  std::vector<const RowTable*> proven_;  ///< tables that take a write of no rows
};

}  // namespace ctk::sink::sql
