// A character is looked at by its two halves of four bits: the upper one is its row in ASCII, the lower one its place in
// the row. Two looks into tables of 16 bytes say whether it belongs to the alphabet, a third one what to add for its value.
#include "json/base64_vectors.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace ctk::json {
namespace {

using Table = std::array<uint8_t, 16>;

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned kRows = 8;  ///< of ASCII

/// The bit of each row. What is beyond ASCII has that of row 0, in which every place is foreign.
constexpr Table make_row_bits() {
  Table bits{};
  for (unsigned row = 0; row < bits.size(); ++row) bits[row] = static_cast<uint8_t>(1u << (row < kRows ? row : 0));
  return bits;
}

/// Of each place the bits of the rows in which it holds a foreign character.
constexpr Table make_foreign_rows() {
  Table rows{};
  for (unsigned place = 0; place < rows.size(); ++place) {
    for (unsigned row = 0; row < kRows; ++row) {
      const bool known = kAlphabet.find(static_cast<char>(row * 16 + place)) != std::string_view::npos;
      if (!known) rows[place] |= static_cast<uint8_t>(1u << row);
    }
  }
  return rows;
}

/// What makes a value of each row's characters. Row 2 has two that differ: that of `/` is the row's before, which has none.
constexpr Table make_distances() {
  Table distances{};
  for (unsigned value = 0; value < kAlphabet.size(); ++value) {
    const unsigned character = static_cast<unsigned char>(kAlphabet[value]);
    distances[character / 16 - (kAlphabet[value] == '/' ? 1 : 0)] = static_cast<uint8_t>(value - character);
  }
  return distances;
}

constexpr Table kRowBits = make_row_bits();
constexpr Table kForeignRows = make_foreign_rows();
constexpr Table kDistances = make_distances();

/// The same table for both halves of a vector, since each half is looked up by itself.
[[gnu::target("avx2")]] __m256i twice(const Table& table) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data())));
}

/// Four values of six bits each become three bytes, which stand one after the other in the first 24 places.
[[gnu::target("avx2")]] __m256i packed(__m256i values) {
  const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));  // 64 × the first + the second
  const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));      // 4096 × the first + the second
  constexpr Table kBigEndian = {2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 0x80, 0x80, 0x80, 0x80};
  const __m256i bytes = _mm256_shuffle_epi8(fours, twice(kBigEndian));
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
}

[[gnu::target("avx2")]] size_t decode_by_avx2(const unsigned char* in, size_t groups, char* out) {
  constexpr size_t kGroups = 8;    // of a vector
  constexpr size_t kLongest = 11;  // groups whose bytes have room for a whole vector
  const __m256i row_bits = twice(kRowBits), foreign_rows = twice(kForeignRows), distances = twice(kDistances);
  const __m256i low_half = _mm256_set1_epi8(15), slash = _mm256_set1_epi8('/');
  size_t done = 0;
  for (; groups - done >= kLongest; done += kGroups) {
    const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + 4 * done));
    const __m256i row = _mm256_and_si256(_mm256_srli_epi16(text, 4), low_half);
    const __m256i foreign = _mm256_shuffle_epi8(foreign_rows, _mm256_and_si256(text, low_half));
    if (_mm256_testz_si256(_mm256_shuffle_epi8(row_bits, row), foreign) == 0) break;
    const __m256i is_slash = _mm256_cmpeq_epi8(text, slash);  // -1 where it is
    const __m256i distance = _mm256_shuffle_epi8(distances, _mm256_add_epi8(row, is_slash));
    const __m256i bytes = packed(_mm256_add_epi8(text, distance));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 3 * done), bytes);
  }
  return done;
}

}  // namespace

size_t decode_base64_vectors(const unsigned char* in, size_t groups, char* out) {
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  return has_avx2 ? decode_by_avx2(in, groups, out) : 0;
}

}  // namespace ctk::json

#else

namespace ctk::json {

size_t decode_base64_vectors(const unsigned char*, size_t, char*) { return 0; }

}  // namespace ctk::json

#endif
