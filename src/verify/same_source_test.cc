#include "verify/same_source.h"

#include <gtest/gtest.h>

namespace ctk::verify {
namespace {

bool same(std::string stored, std::string table) {
  return is_same_table(coordination::Incarnation(std::move(stored)), coordination::Incarnation(std::move(table)));
}

const std::string kTable = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders";
const std::string kMade = "/2026-11-01T00:00:00.000000Z";

TEST(SameSource, ATableIsOneByItsArnAndItsTime) {
  EXPECT_TRUE(same(kTable + kMade, kTable + kMade));
  EXPECT_FALSE(same(kTable + kMade, kTable + "/2026-11-02T00:00:00.000000Z"));
  EXPECT_FALSE(same(kTable + kMade, "arn:aws:dynamodb:eu-west-1:111122223333:table/orders" + kMade));
}

TEST(SameSource, AStreamIsOfItsTableUnlessThatWasMadeAfterIt) {
  const std::string stream = kTable + "/stream/2026-11-05T00:00:00.000/2026-11-05T00:00:00.000000Z";
  EXPECT_TRUE(same(stream, kTable + kMade));
  EXPECT_TRUE(same(stream, kTable + "/2026-11-05T00:00:30.000000Z")) << "made together";
  EXPECT_FALSE(same(stream, kTable + "/2026-11-06T00:00:00.000000Z"));
  EXPECT_FALSE(same(stream, kTable + "2" + kMade));
}

TEST(SameSource, OfAKinesisStreamOnlyThePlaceIsKnown) {
  const std::string stream = "arn:aws:kinesis:eu-central-1:111122223333:stream/cdc" + kMade;
  EXPECT_TRUE(same(stream, kTable + "/2026-11-09T00:00:00.000000Z"));
  EXPECT_FALSE(same(stream, "arn:aws:dynamodb:eu-central-1:999922223333:table/orders" + kMade));
}

TEST(SameSource, AFileMayBeAnybodys) { EXPECT_TRUE(same("file", kTable + kMade)); }

TEST(SameSource, OddTextsAreComparedAsTheyAre) {
  EXPECT_FALSE(same("arn:", kTable));
  EXPECT_FALSE(same("arn:aws:dynamodb", kTable + kMade));
  EXPECT_TRUE(same("", kTable));
}

}  // namespace
}  // namespace ctk::verify
