#include "relay/source_standing.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using std::chrono::seconds;

TEST(SourceStanding, WhatWasNeverAllowedIsNotWaitedFor) {
  SourceStanding source;
  for (const ErrorKind kind : {ErrorKind::denied, ErrorKind::skewed, ErrorKind::refused})
    EXPECT_TRUE(source.is_useless(SourcePart::table, kind)) << to_string(kind);
  EXPECT_FALSE(source.is_useless(SourcePart::table, ErrorKind::unreachable));
  source.read(SourcePart::stream);
  EXPECT_FALSE(source.is_useless(SourcePart::stream, ErrorKind::denied));
  EXPECT_TRUE(source.is_useless(SourcePart::table, ErrorKind::denied)) << "its items have rights of their own";
}

TEST(SourceStanding, WhoItIsIsAskedOnceAtATimeAndNotTooOften) {
  SourceStanding source;
  EXPECT_TRUE(source.doubt(seconds(1)));
  EXPECT_FALSE(source.doubt(seconds(60))) << "nobody has answered";
  source.asked();
  EXPECT_TRUE(source.doubt(seconds(61)));
  source.asked();
  EXPECT_FALSE(source.doubt(seconds(70)));
  EXPECT_TRUE(source.doubt(seconds(71)));
}

TEST(SourceStanding, ItsEndIsKept) {
  SourceStanding source;
  EXPECT_FALSE(source.end());
  source.end_with(Error{ErrorKind::corrupt, "cut off", "", ""});
  ASSERT_TRUE(source.end());
  EXPECT_EQ(source.end()->message, "cut off");
}

}  // namespace
}  // namespace ctk::relay
