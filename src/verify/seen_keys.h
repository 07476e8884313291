// Which keys were seen, as hashes of 64 even bits, in bounded memory whatever their number: what does not fit lies in a
// temporary file, in sorted runs, and is looked at in passes over ranges of those numbers.
//
//   gathering ──add──▶ gathering ──begin_pass(0)──▶ pass 0 of passes() ──begin_pass(1)──▶ pass 1 …
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "verify/temporary_file.h"

namespace ctk::verify {

class SeenKeys {
 public:
  /// 8 bytes each.
  static constexpr size_t kKeysInMemory = 2u << 20;
  explicit SeenKeys(size_t keys_in_memory = kKeysInMemory) : most_(keys_in_memory) {}

  Status add(std::span<const uint64_t> keys);
  /// Once all were added: how many ranges they are looked at in.
  size_t passes() const;
  Status begin_pass(size_t pass);

  /// Whether a key belongs to the pass that was begun; whether it was seen is known of those alone.
  bool covers(uint64_t key) const { return key >= first_ && key <= last_; }
  bool contains(uint64_t key) const;

 private:
  struct Run {
    uint64_t offset = 0;
    size_t keys = 0;
  };

  Status spill();
  Status load(const Run& run);
  Result<size_t> lower_bound(const Run& run, uint64_t key) const;

  size_t most_;
  std::vector<uint64_t> keys_;  ///< gathered; in a pass, those of its range, sorted
  std::vector<Run> runs_;       ///< sorted, in the file
  TemporaryFile file_;
  size_t passes_ = 0;  ///< 0: still gathering
  uint64_t first_ = 0, last_ = 0;
};

}  // namespace ctk::verify
