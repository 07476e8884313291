#include "coordination/kcl_presence.h"

#include <gtest/gtest.h>

namespace ctk::coordination {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Timestamp kToday(seconds(1'796'027'613));
const WorkerName kJava("java-1");

class KclPresenceTest : public testing::Test {
 protected:
  /// A look after so long.
  void look(const KclSigns& signs, KclPlace place = KclPlace::in_lease_table) {
    presence.looked({{place, signs}}, kToday + at, at);
  }
  static KclSigns leader(const std::string& version) { return {.leader = KclLeader{kJava, minutes(2), version}}; }
  KclSigns report(Duration ago) const { return {.reports = {{kJava, kToday + at - ago}}}; }
  bool lives() const { return presence.lives(at); }

  KclPresence presence;
  Duration at{};
};

TEST_F(KclPresenceTest, WhereNothingIsNobodyIs) {
  EXPECT_FALSE(lives());
  look({});
  EXPECT_FALSE(lives());
  EXPECT_TRUE(presence.places(at).empty());
  EXPECT_TRUE(presence.one_of_them(at).empty());
}

TEST_F(KclPresenceTest, ALeaderLivesForAsLongAsItMayBeSilent) {
  look(leader("a"));
  EXPECT_TRUE(presence.leads(at));
  EXPECT_EQ(presence.one_of_them(at), kJava);
  at = minutes(2);
  look(leader("a"));
  EXPECT_TRUE(lives());
  at += seconds(1);
  look(leader("a"));
  EXPECT_FALSE(lives()) << "it has died, and its row is what is left";
  look(leader("b"));
  EXPECT_TRUE(lives()) << "it was only slow";
  at += minutes(1);
  look({});
  EXPECT_FALSE(lives()) << "it has left, and took its row with it";
}

TEST_F(KclPresenceTest, AReportIsAtFirstAsOldAsItSays) {
  look(report(seconds(20)));
  at = seconds(40);
  look(report(seconds(60)));
  EXPECT_TRUE(lives());
  at = seconds(41);
  EXPECT_FALSE(lives());
}

TEST_F(KclPresenceTest, WhoHasNotReportedForLongIsGone) {
  look(report(minutes(3)));
  EXPECT_FALSE(lives());
  at = seconds(10);
  look(report(Duration{}));
  EXPECT_TRUE(lives());
}

TEST_F(KclPresenceTest, AReportThatComesLaterIsFreshWhateverItsCalendarSays) {
  look({});
  at = seconds(10);
  look(report(minutes(30)));
  EXPECT_TRUE(lives());
  at += seconds(60);
  EXPECT_TRUE(lives());
  at += seconds(1);
  EXPECT_FALSE(lives());
}

TEST_F(KclPresenceTest, AReportFromAClockThatIsAheadIsFreshForAMinute) {
  look(report(-minutes(5)));
  at = seconds(60);
  EXPECT_TRUE(lives());
  at = seconds(61);
  EXPECT_FALSE(lives());
}

TEST_F(KclPresenceTest, APlaceThatCouldNotBeReadIsAsBefore) {
  look(leader("a"));
  at = seconds(30);
  presence.looked({}, kToday, at);
  EXPECT_TRUE(lives());
}

TEST_F(KclPresenceTest, OursReportsWhereTheirsDo) {
  look(leader("a"), KclPlace::beside_it);
  EXPECT_EQ(presence.places(at), std::set{KclPlace::beside_it});
  at = seconds(90);
  look(report(Duration{}));
  EXPECT_EQ(presence.places(at), (std::set{KclPlace::in_lease_table, KclPlace::beside_it})) << "while they move";
  at = seconds(130);
  look(report(Duration{}));
  EXPECT_EQ(presence.places(at), std::set{KclPlace::in_lease_table});
}

TEST_F(KclPresenceTest, WhileAFleetFollowsTheRulesOfVersion2NobodyLeads) {
  KclSigns signs = report(Duration{});
  signs.led_by_nobody = true;
  look(signs);
  EXPECT_TRUE(lives()) << "and waits for reports of all before it goes on";
  EXPECT_FALSE(presence.leads(at));
  presence.looked({}, kToday, at);
  EXPECT_FALSE(presence.leads(at)) << "the place could not be read";
  look(report(Duration{}));
  EXPECT_TRUE(presence.leads(at));
}

TEST_F(KclPresenceTest, WhatIsSaidWhereNobodyLivesCountsForNothing) {
  KclSigns left;
  left.led_by_nobody = true;
  presence.looked({{KclPlace::beside_it, left}, {KclPlace::in_lease_table, leader("a")}}, kToday, at);
  EXPECT_TRUE(presence.leads(at));
}

TEST_F(KclPresenceTest, AReportIsAsOldAsItSaysInAPlaceThatIsReadForTheFirstTime) {
  presence.looked({}, kToday, at);
  at = seconds(10);
  look(report(minutes(30)));
  EXPECT_FALSE(lives());
}

}  // namespace
}  // namespace ctk::coordination
