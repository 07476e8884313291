// Rows that were written lately: by some of them a table is known again (coordination::Witnesses).
#pragma once

#include <map>
#include <string>

#include "sink/sink.h"

namespace ctk::sink {

/// Used on the loop.
class FreshRows {
 public:
  /// Remembers some of the living rows that the batch has written. Where the target does not tell what was stale they may
  /// hold something newer: whoever makes them witnesses looks.
  void note(const Batch& batch, const BatchOutcome& outcome);

  /// Takes what has come together of a table since it was last taken; nothing where nothing has.
  coordination::Witnesses take(const std::string& table);

  /// The first rows of a table are made witnesses at once, later ones now and then.
  bool is_first(const std::string& table) const;
  void settle(const std::string& table);

 private:
  struct Rows {
    coordination::Witnesses rows;
    bool settled = false;
  };
  std::map<std::string, Rows> tables_;
};

}  // namespace ctk::sink
