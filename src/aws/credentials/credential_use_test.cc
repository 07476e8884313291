#include "aws/credentials/credential_use.h"

#include <gtest/gtest.h>

namespace ctk::aws {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using enum CredentialUse;

const Timestamp kStart = parse_timestamp("2026-11-29T16:00:00Z").value();

CredentialStanding good_for(Duration life) { return {true, false, false, kStart + life, kStart}; }

TEST(CredentialUse, WithoutAnyWaitsOrRefuses) {
  EXPECT_EQ(use_of({}, kStart), wait_for_refresh);
  CredentialStanding resting;
  resting.resting = true;
  EXPECT_EQ(use_of(resting, kStart), refuse);
  EXPECT_FALSE(still_serve(resting, kStart));
}

TEST(CredentialUse, WithoutAnEndIsForEver) {
  const CredentialStanding keys{true, false, false, std::nullopt, kStart};
  EXPECT_EQ(use_of(keys, kStart + hours(24 * 365)), hand_out);
}

TEST(CredentialUse, ChangesAsTheEndComesNear) {
  const CredentialStanding hour = good_for(hours(1));
  EXPECT_EQ(use_of(hour, kStart + minutes(44)), hand_out);
  EXPECT_EQ(use_of(hour, kStart + minutes(45)), hand_out_and_refresh);
  EXPECT_EQ(use_of(hour, kStart + hours(1) - seconds(10)), wait_for_refresh);
  EXPECT_EQ(use_of(hour, kStart + hours(2)), wait_for_refresh);
  const CredentialStanding brief = good_for(seconds(9));
  EXPECT_EQ(use_of(brief, kStart + seconds(5)), hand_out);
  EXPECT_EQ(use_of(brief, kStart + seconds(6)), hand_out_and_refresh);
  EXPECT_EQ(use_of(brief, kStart + seconds(9)), wait_for_refresh);
}

TEST(CredentialUse, HandsOutToTheEndWhereTheRefreshHasFailed) {
  CredentialStanding standing = good_for(hours(1));
  standing.resting = true;
  EXPECT_EQ(use_of(standing, kStart + hours(1) - seconds(1)), hand_out);
  EXPECT_TRUE(still_serve(standing, kStart + hours(1) - seconds(1)));
  EXPECT_EQ(use_of(standing, kStart + hours(1)), refuse);
  EXPECT_FALSE(still_serve(standing, kStart + hours(1)));
}

TEST(CredentialUse, TrustsTheServiceMoreThanTheClock) {
  CredentialStanding refused = good_for(hours(1));
  refused.refused = true;
  EXPECT_EQ(use_of(refused, kStart), wait_for_refresh);
  refused.resting = true;
  EXPECT_EQ(use_of(refused, kStart), hand_out) << "the service then says what is wrong";
  const CredentialStanding came_late = good_for(-minutes(1));
  EXPECT_EQ(use_of(came_late, kStart), hand_out_and_refresh);
  EXPECT_TRUE(still_serve(came_late, kStart + hours(1)));
}

}  // namespace
}  // namespace ctk::aws
