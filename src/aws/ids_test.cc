#include "aws/ids.h"

#include <gtest/gtest.h>

namespace ctk::aws {
namespace {

TEST(SequenceNumber, IsComparedAsANumber) {
  EXPECT_LT(SequenceNumber("9"), SequenceNumber("10"));
  EXPECT_LT(SequenceNumber("49590338271490256608559692538361571095921575989136588898"),
            SequenceNumber("49590338271490256608559692538361571095921575989136588899"));
  EXPECT_EQ(SequenceNumber("007"), SequenceNumber("7"));
  EXPECT_EQ(SequenceNumber("0"), SequenceNumber("00"));
}

TEST(SequenceNumber, KeepsItsTextWhateverItIs) {
  for (const size_t size : {0u, 1u, 15u, 56u, 59u, 60u, 61u, 200u}) {
    std::string text(size, '7');
    SequenceNumber number{std::string_view(text)};
    const SequenceNumber copy = number;
    const SequenceNumber moved = std::move(number);
    text.assign(size, '8');
    EXPECT_EQ(copy.str(), std::string(size, '7'));
    EXPECT_EQ(moved.view(), copy.view());
    EXPECT_EQ(copy.empty(), size == 0);
    EXPECT_EQ(copy.valid(), size > 0);
    EXPECT_LE(copy, SequenceNumber(text));
  }
  EXPECT_EQ(SequenceNumber("12:2").str(), "12:2");
}

TEST(SequenceNumber, IsDigitsOnly) {
  EXPECT_TRUE(SequenceNumber("0123").valid());
  EXPECT_FALSE(SequenceNumber("").valid());
  EXPECT_FALSE(SequenceNumber("12a").valid());
  EXPECT_FALSE(SequenceNumber("-1").valid());
}

TEST(TableName, BareName) {
  const std::string arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders";
  EXPECT_EQ(bare_name(TableName("orders")), "orders");
  EXPECT_EQ(bare_name(TableName(arn)), "orders");
  EXPECT_EQ(bare_name(TableName(arn + "/stream/2026-01-01T00:00:00.000")), "orders");
}

}  // namespace
}  // namespace ctk::aws
