// Records that a source delivers twice (SourceTraits::repeats_records), found by their eventID. Pure, bounded.
//
// The same event at a higher sequence number is a repetition: it would get a higher version than changes that came after
// the original, so it is dropped. The same sequence number is the same record read again and goes through. An eventID alone
// is not trusted (some emulators give 8 hex digits): key and time must agree too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dynamodb/change.h"

namespace ctk::relay {

class DuplicateFilter {
 public:
  /// Remembers the newest `capacity` events, or up to half of them when it has just let the older half go.
  explicit DuplicateFilter(size_t capacity = 32768);

  /// What a repetition of the change has, too, and no other change; 0 where that cannot be told, or it is of a load.
  static uint64_t event_of(const dynamodb::Change& change);
  /// True if the event, standing at `position` ("42", "42:1" within an aggregate), was seen at a lower one. Remembers it
  /// otherwise.
  bool repeats(uint64_t event, std::string_view position);
  /// What was dropped to be read again must not look like a repetition of itself.
  void clear();
  size_t size() const { return newer_.size() + older_.size(); }

 private:
  /// A sequence number with zeros before it, and the index in an aggregate likewise: compares as text as it does as
  /// numbers.
  static constexpr size_t kSequenceDigits = 57, kIndexDigits = 10;
  using Digits = std::array<char, kSequenceDigits + kIndexDigits>;
  static std::optional<Digits> digits_of(std::string_view position);

  /// Events and where they stood, in one piece: nearly every event is looked for in vain, and that costs one look at
  /// `ids_`.
  class Memory {
   public:
    /// Takes up memory from the first event on.
    explicit Memory(size_t capacity);
    bool has(uint64_t id) const { return size_ > 0 && ids_[place_of(id)] == id; }
    /// Of an event that is there.
    Digits& digits_of(uint64_t id) { return digits_[place_of(id)]; }
    void add(uint64_t id, const Digits& digits);
    void clear();
    size_t size() const { return size_; }

   private:
    size_t place_of(uint64_t id) const;

    size_t places_;
    std::vector<uint64_t> ids_;  ///< each at the first free place from where its bits say; 0 is a free place
    std::vector<Digits> digits_;
    size_t size_ = 0;
  };

  size_t half_;
  Memory newer_;  ///< at most half_
  Memory older_;  ///< forgotten all at once: an order of single events would cost each of them a look into cold memory
};

}  // namespace ctk::relay
