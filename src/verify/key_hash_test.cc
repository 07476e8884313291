#include "verify/key_hash.h"

#include <gtest/gtest.h>

#include <set>

namespace ctk::verify {
namespace {

TEST(KeyHash, TellsKeysApart) {
  const KeyHash hash({1, 2});
  std::set<uint64_t> seen;
  const std::vector<std::vector<std::string>> keys = {{"a"},       {"b"},   {"a", ""}, {"", "a"}, {"ab", "c"},
                                                      {"a", "bc"}, {"abc"}, {""},      {}};
  for (const auto& key : keys) EXPECT_TRUE(seen.insert(hash(key)).second);
  for (int i = 0; i < 100'000; ++i) seen.insert(hash({"item-" + std::to_string(i)}));
  EXPECT_EQ(seen.size(), 100'000 + keys.size());
}

TEST(KeyHash, OfCellsIsThatOfTheirTexts) {
  using Kind = table::KeyCell::Kind;
  const KeyHash hash({1, 2});
  EXPECT_EQ(hash.of_cells({{Kind::text, "a", 0, 0}, {Kind::integer, "7", 7, 0}}), hash({"a", "7"}));
}

TEST(KeyHash, IsAnotherOneUnderAnotherSecret) {
  const KeyHash hash({1, 2}), same({1, 2}), other({1, 3});
  EXPECT_EQ(hash({"a", "b"}), same({"a", "b"}));
  EXPECT_NE(hash({"a", "b"}), other({"a", "b"}));
}

/// These share a hash of 64 bits where there is no secret in it (FNV-1a).
TEST(KeyHash, TellsKeysApartThatWereMadeToShareOne) {
  const KeyHash hash({1, 2});
  EXPECT_NE(hash({"8yn0iYCKYHlIj4-BwPqk"}), hash({"GReLUrM4wMqfg9yzV3KQ"}));
  EXPECT_NE(hash({"gMPflVXtwGDXbIhP73TX"}), hash({"LtHf1prlU1bCeYZEdqWf"}));
}

TEST(Sample, TakesItsShare) {
  int taken = 0;
  for (int i = 0; i < 100'000; ++i) taken += is_sampled({std::to_string(i)}, 0.01) ? 1 : 0;
  EXPECT_GT(taken, 850);
  EXPECT_LT(taken, 1150);
  EXPECT_TRUE(is_sampled({"a"}, 1));
  EXPECT_FALSE(is_sampled({"a"}, 0));
}

}  // namespace
}  // namespace ctk::verify
