#include "coordination/kcl_leader.h"

#include <gtest/gtest.h>

#include "coordination/kcl_place.h"

namespace ctk::coordination {
namespace {

using std::chrono::minutes;

// As seen in a table of version 3.5.
constexpr std::string_view kHeld =
    R"({"entityType":{"S":"LEADER"},"leaseDuration":{"S":"120000"},"leaseKey":{"S":"Leader"},"ownerName":{"S":"worker-1"},)"
    R"("recordVersionNumber":{"S":"331fd90f-b66b-4891-8fb5-1e32f99fe536"}})";

TEST(KclLeader, IsReadFromItsRow) {
  const auto leader = read_kcl_leader(kHeld);
  ASSERT_TRUE(leader);
  EXPECT_EQ(*leader, (KclLeader{WorkerName("worker-1"), minutes(2), "331fd90f-b66b-4891-8fb5-1e32f99fe536"}));
}

TEST(KclLeader, OneThatHasGoneIsNone) {
  const std::string released = std::string(kHeld.substr(0, kHeld.size() - 1)) + R"(,"isReleased":{"S":"1"}})";
  EXPECT_FALSE(read_kcl_leader(released));
  EXPECT_FALSE(read_kcl_leader(R"({"leaseKey":{"S":"Leader"}})"));
  EXPECT_FALSE(read_kcl_leader("no JSON"));
}

TEST(KclLeader, ADurationThatMakesNoSenseIsTheUsualOne) {
  for (const char* text : {"", "x", "-5", "0"}) {
    const auto leader =
        read_kcl_leader(R"({"leaseDuration":{"S":")" + std::string(text) + R"("},"recordVersionNumber":{"S":"v"}})");
    ASSERT_TRUE(leader);
    EXPECT_EQ(leader->lease, minutes(2));
  }
  EXPECT_EQ(read_kcl_leader(R"({"leaseDuration":{"S":"999999999999"},"recordVersionNumber":{"S":"v"}})")->lease,
            minutes(10));
}

TEST(KclLeader, IsNobodyWhileAFleetFollowsTheRulesOfVersion2) {
  const auto is_led = [](const std::string& rules) {
    return !is_led_by_nobody(R"({"leaseKey":{"S":"Migration3.0"},"cv":{"S":")" + rules + R"("}})");
  };
  EXPECT_FALSE(is_led("CLIENT_VERSION_2X"));
  EXPECT_FALSE(is_led("CLIENT_VERSION_UPGRADE_FROM_2X"));
  for (const char* rules : {"CLIENT_VERSION_3X", "CLIENT_VERSION_3X_WITH_ROLLBACK", "CLIENT_VERSION_INIT", ""})
    EXPECT_TRUE(is_led(rules)) << rules;
  EXPECT_FALSE(is_led_by_nobody("no JSON"));
}

TEST(KclLeader, LiesInTheLeaseTableOrBesideIt) {
  EXPECT_EQ(kcl_tables(KclPlace::in_lease_table, aws::TableName("app")).coordinator, aws::TableName("app"));
  EXPECT_EQ(kcl_tables(KclPlace::beside_it, aws::TableName("app")).coordinator, aws::TableName("app-CoordinatorState"));
}

}  // namespace
}  // namespace ctk::coordination
