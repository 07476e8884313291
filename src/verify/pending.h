// Differences that are to be looked at again, in the order of their times, in bounded memory however many there are: what
// does not fit waits in a temporary file, without its paths, which the next look tells anew.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "verify/difference.h"
#include "verify/temporary_file.h"

namespace ctk::verify {

/// First in, first out.
class Backlog {
 public:
  explicit Backlog(size_t most) : most_(most) {}

  Status push(Difference difference);
  /// The oldest; nothing where there is none.
  const Difference* front() const { return memory_.empty() ? nullptr : &memory_.front(); }
  Result<Difference> pop();
  size_t size() const { return memory_.size() + in_file_; }

 private:
  Status refill();

  size_t most_;  ///< differences in memory
  std::deque<Difference> memory_;
  std::unique_ptr<TemporaryFile> file_;
  uint64_t read_to_ = 0;
  size_t in_file_ = 0;
};

class Pending {
 public:
  static constexpr size_t kInMemory = 5'000;
  explicit Pending(Duration settle, size_t in_memory = kInMemory)
      : settle_(settle), looks_{Backlog(in_memory), Backlog(in_memory), Backlog(in_memory)} {}

  Status add(Difference difference);
  /// Those that are due, `most` of them.
  Result<std::vector<Difference>> take_due(Duration now, size_t most);
  size_t size() const;
  Duration settle() const { return settle_; }
  /// At least that long from now on.
  void lengthen(Duration settle) { settle_ = std::max(settle_, settle); }

 private:
  Duration settle_;
  /// By the looks that each has had: so each backlog is in the order of its times.
  std::array<Backlog, kMostLooks> looks_;
};

}  // namespace ctk::verify
