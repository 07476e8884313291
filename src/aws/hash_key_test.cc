#include "aws/hash_key.h"

#include <gtest/gtest.h>

namespace ctk::aws {
namespace {

TEST(HashKey, ReadsAndWritesDecimals) {
  EXPECT_EQ(to_string(kLargestHashKey), "340282366920938463463374607431768211455");
  EXPECT_EQ(parse_hash_key("340282366920938463463374607431768211455"), kLargestHashKey);
  EXPECT_FALSE(parse_hash_key("340282366920938463463374607431768211456"));
  EXPECT_FALSE(parse_hash_key("01"));
  EXPECT_FALSE(parse_hash_key(""));
  // md5("a") = 0cc175b9c0f1b6a831c399e269772661
  EXPECT_EQ(to_string(hash_of("a")), "16955237001963240173058271559858726497");
}

TEST(HashKey, RangesCoverEverything) {
  for (int count : {1, 2, 3, 7, 1000}) {
    HashKey next = 0;
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(nth_range(i, count).first, next);
      next = nth_range(i, count).last + 1;
    }
    EXPECT_EQ(nth_range(count - 1, count).last, kLargestHashKey);
  }
}

}  // namespace
}  // namespace ctk::aws
