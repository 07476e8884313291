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

  /// The first rows of a table are made witnesses at once, later ones now and then. Batches that are written beside one
  /// another meet here: one of them notes, the others would only be in its way.
  bool is_first(const std::string& table) const;
  /// What the caller is to note now, and to tell the end of by `end_first`.
  coordination::Witnesses begin_first(const std::string& table);
  void end_first(const std::string& table, bool noted);
  void settle(const std::string& table);

 private:
  struct Rows {
    coordination::Witnesses rows;
    bool settled = false;
    bool noting = false;
  };
  std::map<std::string, Rows> tables_;
};

}  // namespace ctk::sink
