// Some dead letters of one table, applied again: which change of each key is tried, and what becomes of the letters. Pure:
// whoever has it asks for the rows' versions, writes its batches, and tells it what came of them.
//
//   of each key, by version:   refused … ▸ tried ▸ covered by it … ▸ stale …
//
// A letter that is not newer than its row is stale, whatever the target would say of it. Of the others the newest is
// tried; where it is refused again its letter stays, and the next lower one is tried. What is below an applied one has been
// applied with it: in a history (options.history), where each change is kept, so are those below it and the stale ones.
// A load has seen all that lies before its epoch: letters of older epochs are stale once it is complete.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replay/letter.h"
#include "sink/sink.h"

namespace ctk::replay {

struct Totals {
  uint64_t replayed = 0;
  uint64_t stale = 0;
  uint64_t refused = 0;

  Totals& operator+=(const Totals& other);
  bool operator==(const Totals&) const = default;
};

class TableReplay {
 public:
  enum class Keeps {
    newest,  ///< a row is what its key's newest change has made of it
    each,    ///< the table has a history, too
  };
  TableReplay(const coordination::TableRecord& record, std::vector<Letter> letters, Keeps keeps = Keeps::newest);

  /// Of the rows whose versions it needs.
  std::vector<std::string> keys() const;
  void note_versions(const sink::RowVersions& versions);

  /// What is to be written next: to be called again as long as take() says so.
  sink::Batch next(const table::Renderer& renderer);
  /// What came of it. False: some were refused, and nothing was written.
  bool take(const sink::BatchOutcome& outcome);

  /// Once nothing is left.
  const Totals& totals() const { return totals_; }

 private:
  struct Chain {
    std::vector<Letter> letters;            ///< descending by version
    std::map<size_t, std::string> refused;  ///< by their places among `letters`: why
    size_t stale = 0;                       ///< the first of those that are not newer than the row
    bool has_row = false;

    /// The newest that was not refused.
    size_t tried() const;
    bool has_candidate() const { return tried() < stale; }
    /// How many from `first` on are newer than the row, and were not refused.
    uint64_t newer_from(size_t first) const;
  };
  /// Of a batch's tables, one FoldedChange: whose, and the place of its newest.
  struct Written {
    Chain* chain;
    size_t first;
  };

  bool is_superseded(const Letter& letter) const { return loaded_ && letter.epoch < epoch_; }
  /// The letters that are written together, by epoch.
  std::map<coordination::Epoch, std::vector<size_t>> to_write(const Chain& chain) const;
  void append_write(sink::Batch& batch, Chain& chain, const std::vector<size_t>& places, const table::Renderer& renderer);
  static void append_dead_letters(sink::Batch& batch, const Chain& chain);

  std::string table_;
  coordination::Epoch epoch_;
  Keeps keeps_;
  bool loaded_;                                   ///< what lies before the epoch is in it
  std::map<std::string, Chain> chains_;           ///< by key
  std::map<coordination::Epoch, size_t> writes_;  ///< epoch → place in the batch's tables
  std::vector<std::vector<Written>> written_;     ///< [i][j]: of the batch's tables[i].changes[j]
  Totals totals_;
};

/// "replayed N, stale N, refused N", or an object of those; with a line end.
std::string totals_text(const Totals& totals);
std::string totals_json(const Totals& totals);

}  // namespace ctk::replay
