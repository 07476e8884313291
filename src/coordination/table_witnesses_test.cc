#include "coordination/table_witnesses.h"

#include <gtest/gtest.h>

namespace ctk::coordination {
namespace {

std::string version(int number) { return "00000001.1." + std::to_string(1000 + number); }

/// Witnesses "0", "1", …: the higher the key the newer.
WitnessRows asked_for(int count) {
  WitnessRows found;
  for (int i = 0; i < count; ++i) found.asked.emplace(std::to_string(i), version(10 + i));
  return found;
}

WitnessRows& same(WitnessRows& found, std::initializer_list<int> keys) {
  for (const int key : keys) found.rows.push_back({std::to_string(key), version(10 + key), false});
  return found;
}

WitnessRows& in_version(WitnessRows& found, int number, std::initializer_list<int> keys) {
  for (const int key : keys) found.rows.push_back({std::to_string(key), version(number), false});
  return found;
}

TEST(Witnesses, NothingThereMeansEmptied) {
  EXPECT_EQ(judge_witnesses({}), TableFound::as_recorded) << "nothing was asked for";
  EXPECT_EQ(judge_witnesses(asked_for(1)), TableFound::emptied);
  EXPECT_EQ(judge_witnesses(asked_for(8)), TableFound::emptied);
}

TEST(Witnesses, ARowThatWasWrittenSinceDoesNotHideThatTheTableWasEmptied) {
  WitnessRows found = asked_for(8);
  EXPECT_EQ(judge_witnesses(in_version(found, 90, {7})), TableFound::emptied);
  EXPECT_EQ(judge_witnesses(in_version(found, 90, {6, 5, 4, 3})), TableFound::emptied);
}

TEST(Witnesses, WhatAUserDeletesByHandIsHisAffair) {
  WitnessRows found = asked_for(8);
  EXPECT_EQ(judge_witnesses(in_version(found, 90, {0, 1, 2, 3, 4, 5})), TableFound::as_recorded) << "two newest are gone";
  WitnessRows old = asked_for(8);
  EXPECT_EQ(judge_witnesses(same(old, {4, 5, 6, 7})), TableFound::as_recorded) << "what was old was purged";
}

TEST(Witnesses, RowsThatGoOnChangingAreTheTables) {
  WitnessRows found = asked_for(8);
  EXPECT_EQ(judge_witnesses(in_version(found, 90, {0, 1, 2, 3, 4, 5, 6, 7})), TableFound::as_recorded);
}

TEST(Witnesses, AnOlderBackupLacksTheNewest) {
  WitnessRows found = asked_for(8);
  same(found, {0, 1, 2, 3});
  EXPECT_EQ(judge_witnesses(found), TableFound::emptied) << "inserted since";
  EXPECT_EQ(judge_witnesses(in_version(found, 9, {4, 5, 6, 7})), TableFound::emptied) << "in an older version";
}

TEST(Witnesses, ThoseThatDoNotChangeStay) {
  WitnessRows noted = asked_for(8);
  same(noted, {0, 1, 2, 3, 4});
  in_version(noted, 80, {5, 6, 7});
  WitnessRows fresh;
  for (const char* key : {"a", "b", "c", "d", "e"}) fresh.rows.push_back({key, version(90), false});
  const Witnesses next = next_witnesses(noted, fresh);
  EXPECT_EQ(next.size(), kMostWitnesses);
  for (const char* key : {"0", "1", "2", "3", "a", "b", "c", "d"}) EXPECT_TRUE(next.contains(key)) << key;
}

TEST(Witnesses, ASmallBatchAddsToThem) {
  WitnessRows noted = asked_for(8);
  same(noted, {0, 1, 2, 3, 4, 5, 6, 7});
  WitnessRows fresh;
  fresh.rows.push_back({"hot", version(90), false});
  const Witnesses next = next_witnesses(noted, fresh);
  EXPECT_EQ(next.size(), kMostWitnesses);
  EXPECT_TRUE(next.contains("hot"));
  EXPECT_FALSE(next.contains("7"));
}

TEST(Witnesses, OnesThatRoseAreNotedAsTheyAre) {
  WitnessRows noted = asked_for(1);
  in_version(noted, 80, {0});
  EXPECT_EQ(next_witnesses(noted, {}), (Witnesses{{"0", version(80)}}));
}

TEST(Witnesses, WhatASweepTakesIsNone) {
  WitnessRows noted = asked_for(2);
  same(noted, {0});
  noted.rows.push_back({"1", version(90), true});
  EXPECT_EQ(next_witnesses(noted, {}, version(50)), Witnesses{});
}

}  // namespace
}  // namespace ctk::coordination
