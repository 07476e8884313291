#include "aws/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "aws/ids.h"

namespace ctk::aws {
namespace {

TEST(AwsErrors, HaveOneRuleACode) {
  std::set<std::string_view> codes;
  for (const ErrorRule& rule : error_rules()) {
    EXPECT_TRUE(codes.insert(rule.code).second) << rule.code;
    EXPECT_FALSE(rule.reason.empty()) << rule.code;
  }
}

TEST(AwsErrors, AreClassifiedByCode) {
  struct Case {
    const char* code;
    ErrorKind kind;
  };
  for (const Case& c :
       {Case{"ProvisionedThroughputExceededException", ErrorKind::throttled},
        Case{"KMSThrottlingException", ErrorKind::throttled}, Case{"ExpiredIteratorException", ErrorKind::expired},
        Case{"ExpiredTokenException", ErrorKind::expired}, Case{"RequestTimeTooSkewed", ErrorKind::skewed},
        Case{"ResourceNotFoundException", ErrorKind::not_found}, Case{"UnrecognizedClientException", ErrorKind::denied},
        Case{"AccessDeniedException", ErrorKind::denied}, Case{"InvalidSignatureException", ErrorKind::denied},
        Case{"InternalFailure", ErrorKind::unreachable}, Case{"TrimmedDataAccessException", ErrorKind::gap},
        Case{"InvalidArgumentException", ErrorKind::refused}}) {
    EXPECT_EQ(classify_aws_error(c.code, 400), c.kind) << c.code;
  }
}

TEST(AwsErrors, AreClassifiedByStatusWhereTheCodeIsUnknown) {
  EXPECT_EQ(classify_aws_error("Strange", 503), ErrorKind::unreachable);
  EXPECT_EQ(classify_aws_error("", 429), ErrorKind::throttled);
  EXPECT_EQ(classify_aws_error("", 401), ErrorKind::denied);
  EXPECT_EQ(classify_aws_error("", 403), ErrorKind::denied);
  EXPECT_EQ(classify_aws_error("", 418), ErrorKind::refused);
}

TEST(AwsErrors, SpeakWithBothVoices) {
  Error error = aws_error("GetRecords", 400,
                          R"({"__type":"com.amazonaws.kinesis.v20131202#ProvisionedThroughputExceededException",)"
                          R"("message":"Rate exceeded for shard"})");
  EXPECT_EQ(error.kind, ErrorKind::throttled);
  EXPECT_EQ(error.message, "GetRecords failed: the limit of calls, bytes or capacity is used up");
  EXPECT_EQ(error.peer, "ProvisionedThroughputExceededException: Rate exceeded for shard");
  Error denied = aws_error("ListShards", 400, R"({"__type":"AccessDeniedException","Message":"no"})");
  EXPECT_EQ(denied.peer, "AccessDeniedException: no");
  EXPECT_EQ(denied.hint, "check the credentials and their right to call ListShards");
}

TEST(AwsErrors, TellAnOldSignatureFromAWrongOne) {
  auto kind = [](const char* message) { return classify_error_answer({"InvalidSignatureException", message}, 400); };
  EXPECT_EQ(kind("Signature expired: 20150830T123600Z is now earlier than 20261122T033255Z"), ErrorKind::skewed);
  EXPECT_EQ(kind("Signature not yet current: 20361122T033255Z is still later than 20261122T033255Z"), ErrorKind::skewed);
  EXPECT_EQ(kind("The request signature we calculated does not match the signature you provided."), ErrorKind::denied);
  Error skewed = aws_error("GetRecords", 400, R"({"__type":"InvalidSignatureException","message":"Signature expired: x"})");
  EXPECT_EQ(skewed.message, "GetRecords failed: our clock and the service's differ too much");
}

TEST(AwsErrors, FindExpiredIteratorsBehindInvalidArguments) {
  EXPECT_EQ(classify_error_answer({"InvalidArgumentException", "The shard Iterator has Expired."}, 400),
            ErrorKind::expired);
  EXPECT_EQ(classify_error_answer({"InvalidArgumentException", "Limit is too large"}, 400), ErrorKind::refused);
  EXPECT_TRUE(is_token_expired({"ExpiredTokenException", ""}));
  EXPECT_FALSE(is_token_expired({"ExpiredIteratorException", ""}));
}

TEST(AwsErrors, ReadWhatProxiesSay) {
  ErrorAnswer xml = read_error_answer("<Error><Code>SlowDown</Code><Message>slower</Message></Error>");
  EXPECT_EQ(xml.code, "SlowDown");
  EXPECT_EQ(xml.message, "slower");
  Error page = aws_error("GetRecords", 502, "<html>\n<h1>Bad Gateway</h1>" + std::string(1000, 'x'));
  EXPECT_EQ(page.kind, ErrorKind::unreachable);
  EXPECT_EQ(page.message, "GetRecords failed: the answer is HTTP 502");
  EXPECT_THAT(page.peer, testing::StartsWith("<html> <h1>Bad Gateway"));
  EXPECT_LE(page.peer.size(), 300u);
  EXPECT_EQ(aws_error("GetRecords", 500, "").peer, "");
}

TEST(SequenceNumber, ComparesAsANumber) {
  SequenceNumber small("9");
  SequenceNumber large("49590338271490256608559692538361571095921575989136588898");
  EXPECT_LT(small, large);
  EXPECT_LT(SequenceNumber(), SequenceNumber("0"));
  EXPECT_EQ(SequenceNumber("007"), SequenceNumber("7"));
  EXPECT_EQ(SequenceNumber("000"), SequenceNumber("0"));
  EXPECT_EQ(SequenceNumber("007").str(), "007");
}

TEST(SequenceNumber, IsDecimal) {
  EXPECT_TRUE(SequenceNumber("0").valid());
  EXPECT_FALSE(SequenceNumber().valid());
  EXPECT_FALSE(SequenceNumber("1x").valid());
  EXPECT_FALSE(SequenceNumber("-1").valid());
}

RC_GTEST_PROP(SequenceNumberProperties, OrderIsThatOfIntegers, (uint64_t a, uint64_t b)) {
  std::string zeros(*rc::gen::inRange<size_t>(0, 4), '0');
  RC_ASSERT((SequenceNumber(zeros + std::to_string(a)) <=> SequenceNumber(std::to_string(b))) == (a <=> b));
}

}  // namespace
}  // namespace ctk::aws
