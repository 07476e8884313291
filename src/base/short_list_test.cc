#include "base/short_list.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <string>

namespace ctk {
namespace {

TEST(ShortList, BeginsEmpty) {
  const ShortList<std::string> list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.begin(), list.end());
}

TEST(ShortList, HoldsOneInItself) {
  ShortList<int> list = {7};
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0], 7);
  const char* const first = reinterpret_cast<const char*>(&list.front());
  const char* const own = reinterpret_cast<const char*>(&list);
  EXPECT_TRUE(first >= own && first < own + sizeof list);
}

TEST(ShortList, GoesWithWhatItHolds) {
  ShortList<std::shared_ptr<int>> list = {std::make_shared<int>(1)};
  const std::weak_ptr<int> watched = list[0];
  list.push_back(std::make_shared<int>(2));
  ShortList<std::shared_ptr<int>> taken = std::move(list);
  EXPECT_EQ(*taken[0], 1);
  EXPECT_EQ(*taken[1], 2);
  taken = {};
  EXPECT_TRUE(watched.expired());
}

RC_GTEST_PROP(ShortList, IsAsAVectorIs, (const std::vector<std::pair<uint8_t, int>>& elements)) {
  ShortList<int> list;
  std::vector<int> all;
  for (const auto& [where, element] : elements) {
    const size_t place = where % (all.size() + 1);
    list.insert(place, element);
    all.insert(all.begin() + static_cast<std::ptrdiff_t>(place), element);
    RC_ASSERT(std::vector<int>(list.begin(), list.end()) == all);
    RC_ASSERT(list.size() == all.size());
  }
  list.clear();
  RC_ASSERT(list.empty());
  list.push_back(1);
  RC_ASSERT(list.size() == 1 && list.front() == 1);
}

}  // namespace
}  // namespace ctk
