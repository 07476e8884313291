// Which rows a walk over the target has met, and with which content, as hashes, so that an item whose row holds it is told
// without a look at that row: 12 bytes a row, for as many rows as fit.
//
//   gathering ──add──▶ gathering ──close──▶ closed: see
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ctk::verify {

class RowMarks {
 public:
  static constexpr size_t kMost = 1'500'000;
  explicit RowMarks(size_t most = kMost) : most_(most), shares_(kShares) {}

  /// False: there are more rows than fit. `key`: a hash of 64 even bits.
  bool add(uint64_t key, uint32_t content);
  /// Before the rest. Of a key that was met twice nothing is known but that it was met.
  void close();

  /// Says that a key will be asked for soon.
  void expect(uint64_t key) const;
  /// Whether the row of that key was met with that content; then it counts as seen.
  bool see(uint64_t key, uint32_t content);
  /// The row of that key counts as seen, whatever it holds; false where none was met.
  bool see(uint64_t key);
  bool is_seen(uint64_t key) const;

  size_t size() const { return size_; }
  size_t unseen() const { return size_ - seen_; }

 private:
  struct Mark {
    uint32_t key[2];  ///< two halves: 12 bytes, not 16
    uint32_t content;

    uint64_t whole_key() const { return uint64_t{key[0]} << 32 | key[1]; }
  };
  /// The marks of one range of keys, so that growing moves a few at a time.
  struct Share {
    std::vector<Mark> marks;  ///< closed: sorted by key
    std::vector<bool> seen, doubtful;
  };
  static constexpr int kShareBits = 12;
  static constexpr size_t kShares = size_t{1} << kShareBits;
  /// Of the bits of a key in its share, those that tell nothing of its place: so few are left that they can be multiplied.
  static constexpr int kPlaceShift = 20;

  Share& share_of(uint64_t key) { return shares_[key >> (64 - kShareBits)]; }
  const Share& share_of(uint64_t key) const { return shares_[key >> (64 - kShareBits)]; }
  /// Where it would lie if the gaps between keys were all the same.
  static size_t likely_place(const Share& share, uint64_t key);
  /// Its place in its share, or kNowhere.
  static size_t find(const Share& share, uint64_t key);
  static void close(Share& share);
  void note_seen(Share& share, size_t place);

  static constexpr size_t kNowhere = SIZE_MAX;

  size_t most_;
  size_t size_ = 0, seen_ = 0;
  std::vector<Share> shares_;
};

}  // namespace ctk::verify
