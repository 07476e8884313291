// Reading CBOR (RFC 8949) by walking over it: one item a call, each byte looked at once, nothing copied but strings that
// come in pieces. What services of AWS write is read: maps whose names are text, of any length given or not, integers and
// floats of all widths, tags (which change nothing here). What it must not know: what the values mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ctk::cbor {

/// Whether an answer begins as CBOR does that is a map, be it tagged as CBOR or not. No JSON, XML or other text begins so.
bool begins_map(std::string_view bytes);

/// What an item is, its tags left out.
enum class Kind { integer, real, text, bytes, array, map, boolean, null, other };

/// A place in a buffer that outlives the reader. Each call takes the item that stands there with all that is in it; where
/// that is of another kind than the call asks for, it is taken all the same, and the call gives nothing. What breaks the
/// grammar, breaks off or is nested deeper than kDeepest makes the reader fail: from then on it gives nothing.
///
///   Reader in(answer);
///   in.members([&](std::string_view name) {
///     if (name == "ShardId") id = in.text().value_or("");
///   });
///   if (!in.complete()) …
class Reader {
 public:
  static constexpr int kDeepest = 32;

  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  /// Nothing has failed, and everything has been read.
  bool complete() const { return !failed_ && at_ == bytes_.size(); }
  /// Bytes read until now; where an item has failed, some of it.
  size_t position() const { return at_; }

  /// What the next item is; `other` once the reader has failed.
  Kind kind();

  /// Views live as long as the buffer; one that was put together from pieces, until the next such. Text is valid UTF-8.
  std::optional<std::string_view> text();
  std::optional<std::string_view> bytes();
  /// Nothing, too, where it lies beyond 64 bits with a sign.
  std::optional<int64_t> integer();
  /// An integer or a float of any width.
  std::optional<double> number();
  std::optional<bool> boolean();
  void skip();

  /// Calls `each(name)` for the members of a map, with the reader before the value; a value that `each` leaves is skipped.
  /// False where the item is no map.
  template <class Each>
  bool members(Each each) {
    if (kind() != Kind::map) {
      skip();
      return false;
    }
    Rest rest = enter();
    while (more(rest)) {
      const std::string_view name = member_name();
      if (failed_) break;
      const size_t before = at_;
      each(name);
      if (at_ == before) skip();
    }
    leave();
    return true;
  }
  /// The same for the entries of an array.
  template <class Each>
  bool entries(Each each) {
    if (kind() != Kind::array) {
      skip();
      return false;
    }
    Rest rest = enter();
    while (more(rest)) {
      const size_t before = at_;
      each();
      if (at_ == before) skip();
    }
    leave();
    return true;
  }

 private:
  /// The first bytes of an item: its major type, and the number that is its value, its length or its tag.
  struct Head {
    int major = 0;
    int info = 0;
    uint64_t value = 0;
    bool indefinite = false;
  };
  /// What is left of a map or an array.
  struct Rest {
    uint64_t count = 0;
    bool indefinite = false;
  };

  uint8_t byte_at(size_t at) const { return static_cast<uint8_t>(bytes_[at]); }
  bool at_end() const { return at_ >= bytes_.size(); }
  bool fail() {
    failed_ = true;
    return false;
  }
  std::string_view no_string() {
    fail();
    return {};
  }
  bool take_head(Head& head);
  bool take_break();
  Rest enter();
  void leave() { --depth_; }
  bool more(Rest& rest);
  std::string_view member_name();
  std::optional<std::string_view> string_of(Kind wanted);
  std::string_view piece(uint64_t length);
  std::string_view joined_pieces(int major);

  std::string_view bytes_;
  size_t at_ = 0;
  int depth_ = 0;
  bool failed_ = false;
  std::string pieces_;
};

}  // namespace ctk::cbor
