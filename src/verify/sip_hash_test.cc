#include "verify/sip_hash.h"

#include <gtest/gtest.h>

namespace ctk::verify {
namespace {

/// The key of the published vectors, 00 01 … 0f.
constexpr HashSecret kKey = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

/// A whole message: its last word has what is left of it, and its length.
uint64_t of_words(std::initializer_list<uint64_t> words) {
  SipHash hash(kKey);
  for (const uint64_t word : words) hash.add(word);
  return hash.finish();
}

TEST(SipHash, IsTheOneOfThePublishedVectors) {
  EXPECT_EQ(of_words({0}), 0x726fdb47dd0e0e31);
  EXPECT_EQ(of_words({0x0706050403020100, 0x0800000000000000}), 0x93f5f5799a932462);
  EXPECT_EQ(of_words({0x0706050403020100, 0x0f0e0d0c0b0a0908}), 0xa129ca6149be45e5);
}

TEST(SipHash, TakesTextsInWholeWordsBehindTheirLength) {
  SipHash text(kKey);
  text.add("\x00\x01\x02\x03\x04\x05\x06\x07\x08");
  EXPECT_EQ(text.finish(), of_words({0}));  // a literal ends at its first zero
  SipHash nine(kKey);
  nine.add(std::string_view("\x00\x01\x02\x03\x04\x05\x06\x07\x08", 9));
  EXPECT_EQ(nine.finish(), of_words({9, 0x0706050403020100, 8}));
}

}  // namespace
}  // namespace ctk::verify
