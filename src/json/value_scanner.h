// Where a JSON object or array ends, in a text that comes in parts. Numbers, literals and escapes are not judged, only that
// each stands where the grammar (RFC 8259) has one: a text that breaks off is so found at the next one's first byte.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ctk::json {

/// Feed it a value from its `{` or `[` on:
///   scanner.begin();
///   ValueScanner::Progress progress = scanner.feed(text);   // again with what follows, while it is open
class ValueScanner {
 public:
  enum class State : uint8_t { open, complete, broken };
  struct Progress {
    State state;
    size_t used;  ///< bytes looked at: all while it is open; up to the value's end; up to the byte that may not be there
  };

  void begin();
  /// Not to be called again once the value is complete or broken.
  Progress feed(std::string_view text);

 private:
  /// What may come next, or what is being read.
  enum class Place : uint8_t { value, value_or_end, key, key_or_end, colon, comma_or_end, token, text, escape };

  static constexpr size_t kDeepest = 1024;  // simdjson's own

  size_t feed_text(std::string_view text, size_t at);
  /// A byte outside of strings; false where it may not stand there.
  bool feed_byte(char c);
  bool take_value(char c);
  bool open(bool object);
  bool close(bool object);
  bool in_object() const { return objects_[depth_ - 1]; }

  Place place_ = Place::value;
  bool text_is_key_ = false;
  size_t depth_ = 0;
  std::bitset<kDeepest> objects_;  ///< which of the open containers are objects
};

}  // namespace ctk::json
