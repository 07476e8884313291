#include "net/gunzip.h"

#include <gtest/gtest.h>

#include <string>

#include "net/testing/gzip.h"

namespace ctk::net {
namespace {

std::string lines(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += "line " + std::to_string(i * i) + "\n";
  return text;
}

TEST(Gunzip, GivesWhatWasPackedInPiecesOfAnySize) {
  const std::string text = lines(50'000), packed = gzipped(text);
  for (const size_t size : {size_t{1}, size_t{7}, size_t{4096}, packed.size()}) {
    Gunzip gunzip;
    std::string out;
    for (size_t at = 0; at < packed.size(); at += size) {
      EXPECT_FALSE(gunzip.is_whole());
      ASSERT_TRUE(gunzip.feed(std::string_view(packed).substr(at, size), [&](std::string_view piece) {
        out += piece;
        return true;
      }));
    }
    EXPECT_TRUE(gunzip.is_whole());
    EXPECT_EQ(out, text);
  }
}

TEST(Gunzip, StopsWhereNoMoreIsWanted) {
  Gunzip gunzip;
  size_t pieces = 0;
  EXPECT_FALSE(gunzip.feed(gzipped(std::string(1 << 20, 'x')), [&](std::string_view) { return ++pieces < 3; }));
  EXPECT_EQ(pieces, 3u);
  EXPECT_FALSE(gunzip.is_damaged());
}

TEST(Gunzip, SeesEveryDamagedByte) {
  const std::string text = lines(20), packed = gzipped(text);
  const auto all = [](std::string_view) { return true; };
  // Of the header, flags, time and system say nothing of what is packed.
  for (size_t at = 10; at < packed.size(); ++at) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    Gunzip gunzip;
    gunzip.feed(damaged, all);
    EXPECT_FALSE(gunzip.is_whole() && !gunzip.is_damaged()) << at;
  }
  Gunzip short_one, no_gzip, followed;
  EXPECT_TRUE(short_one.feed(std::string_view(packed).substr(0, packed.size() - 1), all));
  EXPECT_FALSE(short_one.is_whole());
  EXPECT_FALSE(no_gzip.feed("{}", all));
  EXPECT_TRUE(no_gzip.is_damaged());
  EXPECT_FALSE(followed.feed(packed + "x", all));
  EXPECT_TRUE(followed.is_damaged());
}

}  // namespace
}  // namespace ctk::net
