#include "dynamodb/bare_numbers.h"

#include <gtest/gtest.h>

namespace ctk::dynamodb {
namespace {

TEST(QuoteNumbers, QuotesNumbersAndNothingElse) {
  EXPECT_EQ(quote_numbers(R"({"N":1.50})"), R"({"N":"1.50"})");
  EXPECT_EQ(quote_numbers("[0,-0,10,1e5,1E+5,-2.5e-130 ,\n7]"), R"(["0","-0","10","1e5","1E+5","-2.5e-130" ,)"
                                                                "\n"
                                                                R"("7"])");
  EXPECT_EQ(quote_numbers(R"(["1, 2","\"3","\\",4])"), R"(["1, 2","\"3","\\","4"])");
  EXPECT_EQ(quote_numbers(R"({"a1":true,"b":null,"c":false})"), R"({"a1":true,"b":null,"c":false})");
  EXPECT_EQ(quote_numbers("12345678901234567890123456789012345678"), R"("12345678901234567890123456789012345678")");
}

TEST(QuoteNumbers, LeavesWhatIsNoNumber) {
  for (const char* text :
       {"[01]", "[1.]", "[.5]", "[-]", "[1e]", "[1e+]", "[+1]", "[0x1]", "[1.5.2]", "[1x]", "\"1", "\"\\", "1a", ""}) {
    EXPECT_EQ(quote_numbers(text), text);
  }
}

}  // namespace
}  // namespace ctk::dynamodb
