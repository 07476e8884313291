#include "sink/sql/odbc_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctk::sink::sql {
namespace {

using ::testing::ElementsAre;

TEST(OdbcText, NumbersBecomeMarkers) {
  const MarkedText numbered = to_markers("SELECT ?2, ?1 WHERE a = ?1 AND b IN (?, ?)", false);
  EXPECT_EQ(numbered.sql, "SELECT ?, ? WHERE a = ? AND b IN (?, ?)");
  EXPECT_THAT(numbered.order, ElementsAre(1, 0, 0, 1, 2));
  const MarkedText dollars = to_markers("SELECT $2::text, $11, a$1 FROM t$", true);
  EXPECT_EQ(dollars.sql, "SELECT ?::text, ?, a? FROM t$");
  EXPECT_THAT(dollars.order, ElementsAre(1, 10, 0));
}

TEST(OdbcText, WhatIsQuotedStays) {
  const MarkedText text = to_markers(R"(SELECT '?1 it''s $1', "a""?", `?` FROM "$1" WHERE x = ?)", true);
  EXPECT_EQ(text.sql, R"(SELECT '?1 it''s $1', "a""?", `?` FROM "$1" WHERE x = ?)");
  EXPECT_THAT(text.order, ElementsAre(0));
  EXPECT_EQ(to_markers("SELECT $1", false).sql, "SELECT $1");
}

}  // namespace
}  // namespace ctk::sink::sql
