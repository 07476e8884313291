// SipHash-2-4 (Aumasson, Bernstein, 2012), a word at a time: what a secret of the run makes of a text, so that nobody can
// write texts that share it. Inline and our own: four are taken of an item, and libcrypto's takes longer (decision 0021).
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ctk::verify {

using HashSecret = std::array<uint64_t, 2>;

class SipHash {
 public:
  explicit SipHash(const HashSecret& secret)
      : v0_(secret[0] ^ 0x736f6d6570736575ULL),
        v1_(secret[1] ^ 0x646f72616e646f6dULL),
        v2_(secret[0] ^ 0x6c7967656e657261ULL),
        v3_(secret[1] ^ 0x7465646279746573ULL) {}

  void add(uint64_t word) {
    v3_ ^= word;
    round();
    round();
    v0_ ^= word;
  }

  /// Its length, then its bytes, filled up with zeros to whole words: ("ab", "c") is not ("a", "bc").
  void add(std::string_view text) {
    add(uint64_t{text.size()});
    while (text.size() >= sizeof(uint64_t)) {
      add(word_of(text.substr(0, sizeof(uint64_t))));
      text.remove_prefix(sizeof(uint64_t));
    }
    if (!text.empty()) add(word_of(text));
  }

  uint64_t finish() {
    v2_ ^= 0xff;
    for (int i = 0; i < 4; ++i) round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  static uint64_t word_of(std::string_view bytes) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), bytes.size());
    return word;
  }

  void round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  uint64_t v0_, v1_, v2_, v3_;
};

}  // namespace ctk::verify
