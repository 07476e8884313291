// An item begins with a byte: three bits of major type, five of information. Information up to 23 is the item's number
// itself, 24 to 27 say that it follows in 1, 2, 4 or 8 bytes, 31 that the length is not given and a break (0xff) will end
// the item.
//
//   0 unsigned integer   2 bytes   4 array   6 tag, an item follows
//   1 -1 - number        3 text    5 map     7 20 false, 21 true, 22 null, 23 undefined, 25 half, 26 float, 27 double
#include "cbor/cbor_reader.h"

#include <simdjson.h>

#include <bit>
#include <cmath>
#include <limits>

namespace ctk::cbor {
namespace {

constexpr int kNegative = 1, kBytes = 2, kText = 3, kArray = 4, kMap = 5, kTag = 6, kSimple = 7;
constexpr int kFalse = 20, kTrue = 21, kNull = 22, kUndefined = 23, kHalf = 25, kFloat = 26, kDouble = 27;
constexpr int kOneByteFollows = 24, kEightBytesFollow = 27, kIndefinite = 31;
constexpr uint8_t kBreak = 0xff;

int major_of(uint8_t initial) { return initial >> 5; }
int info_of(uint8_t initial) { return initial & 31; }

Kind kind_of(uint8_t initial) {
  switch (major_of(initial)) {
    case kBytes: return Kind::bytes;
    case kText: return Kind::text;
    case kArray: return Kind::array;
    case kMap: return Kind::map;
    case kTag: return Kind::other;
    case kSimple: break;
    default: return Kind::integer;
  }
  switch (info_of(initial)) {
    case kFalse:
    case kTrue: return Kind::boolean;
    case kNull:
    case kUndefined: return Kind::null;
    case kHalf:
    case kFloat:
    case kDouble: return Kind::real;
    default: return Kind::other;
  }
}

/// A float of 16 bits: a sign, 5 bits of exponent, 10 of fraction.
double from_half(uint64_t bits) {
  constexpr int kFractionBits = 10, kBias = 15, kTop = 31;
  const auto fraction = static_cast<double>(bits & 0x3ff);
  const int exponent = static_cast<int>(bits >> kFractionBits) & kTop;
  double size = 0;
  if (exponent == kTop) {
    size = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    size = std::ldexp(fraction, 1 - kBias - kFractionBits);
  } else {
    size = std::ldexp(fraction + 1024, exponent - kBias - kFractionBits);
  }
  return (bits & 0x8000) != 0 ? -size : size;
}

double from_float(int info, uint64_t bits) {
  if (info == kHalf) return from_half(bits);
  if (info == kFloat) return std::bit_cast<float>(static_cast<uint32_t>(bits));
  return std::bit_cast<double>(bits);
}

}  // namespace

bool begins_map(std::string_view bytes) {
  if (bytes.starts_with("\xd9\xd9\xf7")) bytes.remove_prefix(3);  // a tag that says no more than that it is CBOR
  return !bytes.empty() && major_of(static_cast<uint8_t>(bytes.front())) == kMap;
}

bool Reader::take_head(Head& head) {
  if (failed_ || at_end()) return fail();
  const uint8_t initial = byte_at(at_++);
  head = {major_of(initial), info_of(initial), static_cast<uint64_t>(info_of(initial)), false};
  if (head.info < kOneByteFollows) return true;
  if (head.info == kIndefinite) {
    head.indefinite = head.major >= kBytes && head.major <= kMap;
    return head.indefinite || fail();
  }
  if (head.info > kEightBytesFollow) return fail();
  const size_t width = size_t{1} << (head.info - kOneByteFollows);
  if (bytes_.size() - at_ < width) return fail();
  head.value = 0;
  for (size_t i = 0; i < width; ++i) head.value = head.value << 8 | byte_at(at_++);
  return true;
}

bool Reader::take_break() {
  if (failed_ || at_end() || byte_at(at_) != kBreak) return false;
  ++at_;
  return true;
}

Kind Reader::kind() {
  Head tag;
  while (!failed_ && !at_end() && major_of(byte_at(at_)) == kTag) take_head(tag);
  if (!failed_ && at_end()) fail();
  return failed_ ? Kind::other : kind_of(byte_at(at_));
}

Reader::Rest Reader::enter() {
  Head head;
  take_head(head);
  if (++depth_ > kDeepest) fail();
  return {head.value, head.indefinite};
}

bool Reader::more(Rest& rest) {
  if (failed_) return false;
  if (rest.indefinite) return !take_break();
  return rest.count-- > 0;
}

std::string_view Reader::member_name() {
  Head head;
  if (kind() != Kind::text || !take_head(head) || head.indefinite) return no_string();
  return piece(head.value);
}

std::string_view Reader::piece(uint64_t length) {
  if (bytes_.size() - at_ < length) return no_string();
  const std::string_view found = bytes_.substr(at_, length);
  at_ += length;
  return found;
}

std::string_view Reader::joined_pieces(int major) {
  pieces_.clear();
  while (!take_break()) {
    Head head;
    if (!take_head(head) || head.major != major || head.indefinite) return no_string();
    pieces_ += piece(head.value);
    if (failed_) return {};
  }
  return pieces_;
}

std::optional<std::string_view> Reader::string_of(Kind wanted) {
  if (kind() != wanted) {
    skip();
    return std::nullopt;
  }
  Head head;
  if (!take_head(head)) return std::nullopt;
  const std::string_view found = head.indefinite ? joined_pieces(head.major) : piece(head.value);
  return failed_ ? std::nullopt : std::optional(found);
}

std::optional<std::string_view> Reader::text() {
  const std::optional<std::string_view> found = string_of(Kind::text);
  if (!found || simdjson::validate_utf8(found->data(), found->size())) return found;
  fail();
  return std::nullopt;
}

std::optional<std::string_view> Reader::bytes() { return string_of(Kind::bytes); }

std::optional<int64_t> Reader::integer() {
  if (kind() != Kind::integer) {
    skip();
    return std::nullopt;
  }
  Head head;
  if (!take_head(head) || head.value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
  const auto number = static_cast<int64_t>(head.value);
  return head.major == kNegative ? -1 - number : number;
}

std::optional<double> Reader::number() {
  const Kind found = kind();
  if (found != Kind::integer && found != Kind::real) {
    skip();
    return std::nullopt;
  }
  Head head;
  if (!take_head(head)) return std::nullopt;
  if (found == Kind::real) return from_float(head.info, head.value);
  const auto size = static_cast<double>(head.value);
  return head.major == kNegative ? -1 - size : size;
}

std::optional<bool> Reader::boolean() {
  if (kind() != Kind::boolean) {
    skip();
    return std::nullopt;
  }
  Head head;
  take_head(head);
  return head.info == kTrue;
}

void Reader::skip() {
  switch (kind()) {
    case Kind::text: string_of(Kind::text); return;
    case Kind::bytes: string_of(Kind::bytes); return;
    case Kind::array: entries([] {}); return;
    case Kind::map: members([](std::string_view) {}); return;
    default: break;
  }
  Head head;
  take_head(head);
}

}  // namespace ctk::cbor
