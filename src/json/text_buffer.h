// Many small appends to one string, made cheap: they gather in a block on the stack first.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "json/writer.h"

namespace ctk::json {

/// Appends JSON piece by piece to `out`, which has it all once the buffer is flushed or gone; nobody else may append to
/// `out` meanwhile. Lives on one stack, for one text.
///   TextBuffer text(out); text.put('{'); text.put_string(name); text.put(":1}");
class TextBuffer {
 public:
  /// Bytes that must be readable behind the texts of put_slack.
  static constexpr size_t kSlack = 16;

  explicit TextBuffer(std::string& out) : out_(out) {}
  ~TextBuffer() { flush(); }
  TextBuffer(const TextBuffer&) = delete;
  TextBuffer& operator=(const TextBuffer&) = delete;

  void put(char c) {
    if (used_ == kBlock) flush();
    block_[used_++] = c;
  }
  /// Text as it is.
  void put(std::string_view text) {
    if (text.size() > kBlock - used_) {
      flush();
      if (text.size() > kBlock) {
        out_ += text;
        return;
      }
    }
    std::memcpy(block_ + used_, text.data(), text.size());
    used_ += text.size();
  }
  /// Text that holds nothing to escape, in quotes.
  void put_quoted(std::string_view text) {
    put('"');
    put(text);
    put('"');
  }
  /// Text as a JSON string, as append_string writes it.
  void put_string(std::string_view text) {
    if (text.size() + 2 > kBlock - used_) flush();
    if (text.size() + 2 <= kBlock && copy_if_plain(block_ + used_ + 1, text.data(), text.size())) {
      block_[used_] = '"';
      block_[used_ + 1 + text.size()] = '"';
      used_ += text.size() + 2;
      return;
    }
    flush();
    append_string(out_, text);
  }

  /// The same two for text that has kSlack readable bytes behind it: short texts then cost a few instructions.
  void put_slack(std::string_view text) {
    if (text.size() > kBlock - used_) return put(text);
    copy_slack(block_ + used_, text.data(), text.size());
    used_ += text.size();
  }
  void put_slack_string(std::string_view text) {
    if (text.size() + 2 > kBlock - used_) return put_string(text);
    char* to = block_ + used_;
    if (!copy_slack(to + 1, text.data(), text.size())) return put_string(text);
    to[0] = to[text.size() + 1] = '"';
    used_ += text.size() + 2;
  }

  void flush() {
    out_.append(block_, used_);
    used_ = 0;
  }

 private:
  using Bytes [[gnu::vector_size(kSlack)]] = uint8_t;
  static constexpr Bytes kPlaces = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

  /// Copies a vector's worth at a time, beyond the end; says whether nothing in the text was to be escaped.
  static bool copy_slack(char* to, const char* from, size_t size) {
    Bytes escape = {};
    for (; size > kSlack; size -= kSlack, to += kSlack, from += kSlack) escape |= copy_vector(to, from);
    escape |= copy_vector(to, from) & (kPlaces < static_cast<uint8_t>(size));
    uint64_t halves[2];
    std::memcpy(halves, &escape, sizeof halves);
    return (halves[0] | halves[1]) == 0;
  }
  /// All ones in the places of what is to be escaped.
  static Bytes copy_vector(char* to, const char* from) {
    Bytes bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    std::memcpy(to, &bytes, sizeof bytes);
    return (bytes < 0x20) | (bytes == '"') | (bytes == '\\');
  }

  static constexpr uint64_t kOnes = 0x0101010101010101;
  static constexpr uint64_t kHighs = 0x8080808080808080;

  template <class Word>
  static Word load(const char* from) {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
  }

  /// Whether one of eight bytes is a quote, a backslash or a control character.
  static bool any_to_escape(uint64_t word) {
    uint64_t quote = word ^ (kOnes * '"'), backslash = word ^ (kOnes * '\\');
    return (((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash)) & kHighs;
  }

  /// Copies, and says whether nothing in it was to be escaped.
  static bool copy_if_plain(char* to, const char* from, size_t size) {
    if (size < 8) return copy_short_if_plain(to, from, size);
    size_t last = size - 8;
    uint64_t word = load<uint64_t>(from + last);
    bool escape = any_to_escape(word);
    std::memcpy(to + last, &word, 8);
    for (size_t at = 0; at < last; at += 8) {
      word = load<uint64_t>(from + at);
      escape |= any_to_escape(word);
      std::memcpy(to + at, &word, 8);
    }
    return !escape;
  }

  static bool copy_short_if_plain(char* to, const char* from, size_t size) {
    if (size == 0) return true;
    uint64_t word;
    if (size >= 4) {
      uint32_t first = load<uint32_t>(from), last = load<uint32_t>(from + size - 4);
      std::memcpy(to, &first, 4);
      std::memcpy(to + size - 4, &last, 4);
      word = static_cast<uint64_t>(last) << 32 | first;
    } else {
      to[0] = from[0];
      to[size / 2] = from[size / 2];
      to[size - 1] = from[size - 1];
      auto byte = [from](size_t at) { return static_cast<uint64_t>(static_cast<unsigned char>(from[at])); };
      word = (kOnes * ' ' & ~uint64_t{0xffffff}) | byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
    }
    return !any_to_escape(word);
  }

  std::string& out_;
  size_t used_ = 0;
  static constexpr size_t kBlock = 1024;
  char block_[kBlock + kSlack];
};

}  // namespace ctk::json
