#include "verify/seen_keys.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace ctk::verify {
namespace {

/// Every key is known in exactly one pass, whatever fits into memory.
void check(size_t in_memory, size_t count, size_t expected_passes) {
  SeenKeys seen(in_memory);
  Random random(7);
  std::vector<uint64_t> keys;
  for (size_t i = 0; i < count; ++i) keys.push_back(random.next());
  if (count > 2) keys[0] = 0, keys[1] = UINT64_MAX;
  for (const uint64_t key : keys) ASSERT_TRUE(seen.add(std::span(&key, 1)));
  ASSERT_EQ(seen.passes(), expected_passes);
  std::vector<int> covered(count, 0);
  int strangers = 0;
  for (size_t pass = 0; pass < expected_passes; ++pass) {
    ASSERT_TRUE(seen.begin_pass(pass));
    EXPECT_EQ(seen.passes(), expected_passes);
    for (size_t i = 0; i < count; ++i) {
      if (!seen.covers(keys[i])) continue;
      ++covered[i];
      EXPECT_TRUE(seen.contains(keys[i]));
    }
    for (int i = 0; i < 100; ++i) strangers += seen.contains(random.next()) ? 1 : 0;
  }
  for (const int times : covered) EXPECT_EQ(times, 1);
  EXPECT_EQ(strangers, 0);
}

TEST(SeenKeys, InMemory) {
  check(100, 0, 1);
  check(100, 99, 1);
  check(100, 100, 1);
}

TEST(SeenKeys, InPassesOverAFile) {
  check(100, 101, 2);
  check(100, 1000, 10);
  check(7, 1001, 143);
}

}  // namespace
}  // namespace ctk::verify
