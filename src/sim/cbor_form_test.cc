#include "sim/cbor_form.h"

#include <gtest/gtest.h>

#include "cbor/cbor_json.h"
#include "cbor/cbor_reader.h"

namespace ctk::sim {
namespace {

TEST(CborForm, WritesAnAnswerAsKinesisDoes) {
  const std::string bytes = answer_in_cbor(
      R"({"Records":[{"Data":"eyJhIjoxfQ==","ApproximateArrivalTimestamp":1735689600.250}],"NextShardIterator":null,"Rate":0.5,)"
      R"("More":true,"MillisBehindLatest":0})");
  EXPECT_NE(bytes.find("Data\x47{\"a\":1}"), std::string::npos) << "bytes, not base64";
  EXPECT_NE(bytes.find("Timestamp\xc1\x1b"), std::string::npos) << "milliseconds with the tag of a time";
  EXPECT_EQ(cbor::to_json(bytes).value(),
            R"({"Records":[{"Data":"eyJhIjoxfQ==","ApproximateArrivalTimestamp":1735689600250}],"NextShardIterator":null,)"
            R"("Rate":0.5,"More":true,"MillisBehindLatest":0})");
}

TEST(CborForm, TakesRequestsOrRefusesThem) {
  EXPECT_EQ(request_from_cbor("\xa1\x65Limit\x05").value(), R"({"Limit":5})");
  EXPECT_EQ(request_from_cbor("\xa1\x65Limit").error().code, "SerializationException");
  EXPECT_TRUE(is_cbor("application/x-amz-cbor-1.1"));
  EXPECT_FALSE(is_cbor("application/x-amz-json-1.1"));
}

}  // namespace
}  // namespace ctk::sim
