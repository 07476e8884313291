#include "aws/wire_format.h"

#include <gtest/gtest.h>

namespace ctk::aws {
namespace {

constexpr auto kJson = WireFormat::json;
constexpr auto kCbor = WireFormat::cbor;
constexpr const char* kRefusal = R"({"__type":"SerializationException"})";

TEST(FormatChoice, AsksForCborAndStaysWithItOnceItIsUnderstood) {
  for (const char* understanding : {"\xbf\xff", "{}"}) {
    FormatChoice choice({});
    EXPECT_EQ(choice.next(), kCbor);
    EXPECT_FALSE(choice.wants_json(kCbor, 200, understanding));
    EXPECT_FALSE(choice.wants_json(kCbor, 500, "")) << "an error of another kind";
    EXPECT_EQ(choice.next(), kCbor);
  }
  FormatChoice refused_in_cbor({});
  EXPECT_FALSE(refused_in_cbor.wants_json(kCbor, 400, "\xa0"));
  EXPECT_FALSE(refused_in_cbor.wants_json(kCbor, 400, kRefusal));
}

TEST(FormatChoice, FallsBackToJsonWhereCborIsNotUnderstood) {
  for (const int status : {400, 404, 415, 500}) {
    FormatChoice choice({});
    EXPECT_TRUE(choice.wants_json(kCbor, status, kRefusal));
    EXPECT_EQ(choice.next(), kCbor) << "nothing is known yet";
    EXPECT_FALSE(choice.wants_json(kJson, 200, "{}"));
    EXPECT_EQ(choice.next(), kJson);
    EXPECT_TRUE(choice.wants_json(kCbor, status, kRefusal)) << "another call was under way";
  }
}

TEST(FormatChoice, LeavesOpenWhatARefusalInBothFormsDoesNotSay) {
  FormatChoice choice({});
  EXPECT_TRUE(choice.wants_json(kCbor, 400, kRefusal));
  EXPECT_FALSE(choice.wants_json(kJson, 400, kRefusal));
  EXPECT_EQ(choice.next(), kCbor);
  for (const int status : {429, 502, 503, 504}) EXPECT_FALSE(choice.wants_json(kCbor, status, "<html>")) << status;
}

TEST(FormatChoice, KeepsToWhatIsGiven) {
  FormatChoice json(kJson), cbor(kCbor);
  EXPECT_EQ(json.next(), kJson);
  EXPECT_FALSE(cbor.wants_json(kCbor, 400, kRefusal));
  EXPECT_EQ(cbor.next(), kCbor);
}

}  // namespace
}  // namespace ctk::aws
