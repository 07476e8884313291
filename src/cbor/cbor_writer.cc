// The grammar stands in cbor_reader.cc.
#include "cbor/cbor_writer.h"

#include <bit>

namespace ctk::cbor {
namespace {

constexpr int kUnsigned = 0, kNegative = 1, kBytes = 2, kText = 3, kTag = 6;
constexpr int kOneByteFollows = 24;
constexpr uint64_t kTimeTag = 1;

}  // namespace

void Writer::text(std::string_view text) {
  head(kText, text.size());
  out_ += text;
}

void Writer::bytes(std::string_view bytes) {
  head(kBytes, bytes.size());
  out_ += bytes;
}

void Writer::integer(int64_t value) {
  if (value >= 0) return head(kUnsigned, static_cast<uint64_t>(value));
  head(kNegative, static_cast<uint64_t>(-1 - value));
}

void Writer::real(double value) {
  out_ += '\xfb';
  big_endian(std::bit_cast<uint64_t>(value), sizeof value);
}

void Writer::time(Timestamp time) {
  head(kTag, kTimeTag);
  integer(std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count());
}

void Writer::head(int major, uint64_t value) {
  int width_code = 0;  // 1, 2, 4 or 8 bytes follow
  while (width_code < 3 && value >> (8 << width_code) != 0) ++width_code;
  const bool immediate = value < kOneByteFollows;
  out_ += static_cast<char>(major << 5 | (immediate ? static_cast<int>(value) : kOneByteFollows + width_code));
  if (!immediate) big_endian(value, 1 << width_code);
}

void Writer::big_endian(uint64_t value, int width) {
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) out_ += static_cast<char>(value >> shift);
}

}  // namespace ctk::cbor
