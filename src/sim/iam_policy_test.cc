#include "sim/iam_policy.h"

#include <gtest/gtest.h>

namespace ctk::sim {
namespace {

constexpr const char* kTable = "arn:aws:dynamodb:us-east-1:000000000000:table/demo";

IamRuling ruling(const std::string& statement, const IamAccess& access) {
  const auto policy = parse_iam_policy(R"({"Version":"2012-10-17","Statement":)" + statement + "}");
  EXPECT_TRUE(policy) << to_string(policy.error());
  return policy->rule(access);
}

TEST(IamPolicy, AllowsWhatItNamesAndNothingElse) {
  const std::string statement =
      R"([{"Effect":"Allow","Action":["dynamodb:Scan","dynamodb:describe*"],"Resource":"arn:aws:dynamodb:*:*:table/demo"}])";
  EXPECT_EQ(ruling(statement, {"dynamodb:Scan", kTable}), IamRuling::allowed);
  EXPECT_EQ(ruling(statement, {"dynamodb:DescribeTable", kTable}), IamRuling::allowed);
  EXPECT_EQ(ruling(statement, {"dynamodb:PutItem", kTable}), IamRuling::not_allowed);
  EXPECT_EQ(ruling(statement, {"dynamodb:Scan", std::string(kTable) + "s"}), IamRuling::not_allowed);
  EXPECT_EQ(ruling(statement, {"dynamodb:Scan", "*"}), IamRuling::not_allowed);
}

TEST(IamPolicy, WhatDeniesWins) {
  const std::string statements =
      R"([{"Effect":"Deny","Action":"*","Resource":"*/table/dem?"},{"Effect":"Allow","Action":"*","Resource":"*"}])";
  EXPECT_EQ(ruling(statements, {"dynamodb:Scan", "x/table/demo"}), IamRuling::denied);
  EXPECT_EQ(ruling(statements, {"dynamodb:Scan", "x/table/demos"}), IamRuling::allowed);
}

TEST(IamPolicy, TakesAStatementWithoutAList) {
  const std::string statement = R"({"Sid":"A","Effect":"Allow","Action":"kinesis:*","Resource":["a","b*c*d"]})";
  EXPECT_EQ(ruling(statement, {"kinesis:ListShards", "b-c-c-d"}), IamRuling::allowed);
  EXPECT_EQ(ruling(statement, {"kinesis:ListShards", "b-d"}), IamRuling::not_allowed);
}

TEST(IamPolicy, SaysWhatItCannotSimulate) {
  for (const char* text : {"[]", "{", R"({"Version":"2012-10-17"})", R"({"Statement":[1]})",
                           R"({"Statement":{"Effect":"Allow","Action":"*"}})",
                           R"({"Statement":{"Effect":"Maybe","Action":"*","Resource":"*"}})",
                           R"({"Statement":{"Effect":"Allow","Action":[1],"Resource":"*"}})",
                           R"({"Statement":{"Effect":"Allow","NotAction":"*","Resource":"*"}})",
                           R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}})"}) {
    const auto policy = parse_iam_policy(text);
    ASSERT_FALSE(policy) << text;
    EXPECT_EQ(policy.error().kind, ErrorKind::usage);
  }
}

TEST(IamPolicy, RefusesWhatItWouldTakeOtherwiseThanAws) {
  EXPECT_FALSE(parse_iam_policy(R"({"Statement":[{"Sid":"A","Effect":"Allow","Action":"a","Resource":"*"},
                                                {"Sid":"A","Effect":"Allow","Action":"b","Resource":"*"}]})"));
  EXPECT_FALSE(parse_iam_policy(R"({"Statement":{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}})"));
  EXPECT_FALSE(parse_iam_policy(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"a/${aws:username}"}})"));
}

}  // namespace
}  // namespace ctk::sim
