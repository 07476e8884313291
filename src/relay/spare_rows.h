// Rows that were written, kept for the memory that they have: rows of later batches take it up, so that a change on its way
// to a table allocates nothing.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "sink/sink.h"

namespace ctk::relay {

/// May be used on any thread, since the last to have a batch may be one of the target's.
class SpareRows : public std::enable_shared_from_this<SpareRows> {
 public:
  /// A batch that leaves its rows here when nobody has it any more.
  std::shared_ptr<sink::Batch> new_batch();
  /// Folded changes without changes, as many as some batch had; none where there are none.
  std::vector<sink::FoldedChange> take();

 private:
  struct Spare {
    std::vector<sink::FoldedChange> rows;
    size_t bytes = 0;
  };

  void put(std::vector<sink::FoldedChange> rows);

  std::mutex mutex_;
  std::vector<Spare> spare_;
  size_t bytes_ = 0;  ///< of all
};

}  // namespace ctk::relay
