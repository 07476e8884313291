#include "engines/lambda_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engines/lambda_testing.h"
#include "shards/aggregate_testing.h"

namespace ctk::engines {
namespace {

using shards::Position;
using testing::ElementsAre;
using testing::IsEmpty;

const MappedStream kStream{MappedStream::Service::kinesis, aws::Arn("arn:aws:kinesis:us-east-2:123456789012:stream/cdc")};
MappedStream table_stream(const std::string& table) {
  return {MappedStream::Service::dynamodb,
          aws::Arn("arn:aws:dynamodb:us-east-2:123456789012:table/" + table + "/stream/2015-06-27T00:48:05.899")};
}

/// An action in short: "push cdc 1 2", "drop cdc", "answer r1 5".
struct Shown {
  std::string operator()(const LambdaSession::Push& push) const {
    std::string line = "push " + push.stream.name();
    for (const auto& record : push.records) {
      line += " " + record.sequence.str();
      if (record.in_aggregate) line += ":" + std::to_string(record.in_aggregate->index);
    }
    return line;
  }
  std::string operator()(const LambdaSession::Drop& drop) const { return "drop " + drop.stream.name(); }
  std::string operator()(const LambdaSession::Answer& answer) const {
    std::string line = "answer " + answer.id;
    for (size_t at = answer.body.find("\"itemIdentifier\":\""); at != std::string::npos;
         at = answer.body.find("\"itemIdentifier\":\"", at)) {
      at += 18;
      line += " " + answer.body.substr(at, answer.body.find('"', at) - at);
    }
    return line;
  }
  std::string operator()(const LambdaSession::Refuse& refusal) const {
    return "refuse " + refusal.id + " " + to_string(refusal.error.kind);
  }
};

class LambdaSessionTest : public testing::Test {
 protected:
  static std::vector<std::string> shown(const LambdaSession::Actions& actions) {
    std::vector<std::string> lines;
    for (const auto& action : actions) lines.push_back(std::visit(Shown{}, action));
    return lines;
  }
  std::vector<std::string> invoke(const std::vector<std::string>& records) {
    return shown(session.invoked({"r" + std::to_string(++requests), kNoTime, event_of(records)}));
  }
  std::vector<std::string> stored(const std::string& sequence, const MappedStream& stream = kStream) {
    return shown(session.stored(stream, Position::after(aws::SequenceNumber(sequence))));
  }
  std::vector<std::string> ended(ErrorKind kind, const MappedStream& stream = kStream) {
    return shown(session.ended(stream, Error{kind, "why", "", ""}));
  }

  LambdaSession session;
  int requests = 0;
};

TEST_F(LambdaSessionTest, AnsweredOnceAllIsStored) {
  EXPECT_THAT(invoke({kinesis_record("s", "1"), kinesis_record("s", "2"), kinesis_record("s", "3")}),
              ElementsAre("push cdc 1 2 3"));
  EXPECT_THAT(stored("2"), IsEmpty());
  EXPECT_TRUE(session.is_writing());
  EXPECT_THAT(stored("3"), ElementsAre("answer r1"));
  EXPECT_FALSE(session.is_writing());
  EXPECT_EQ(session.written(), 3);
  EXPECT_THAT(stored("3"), IsEmpty()) << "nobody waits for it";
}

TEST_F(LambdaSessionTest, AnEmptyBatchAndNone) {
  EXPECT_THAT(invoke({}), ElementsAre("answer r1"));
  EXPECT_THAT(shown(session.invoked({"x", kNoTime, "{}"})), ElementsAre("refuse x refused"));
  EXPECT_FALSE(session.is_writing());
}

TEST_F(LambdaSessionTest, OutOfTimeTheFirstThatIsNotStoredIsNamed) {
  invoke({kinesis_record("s", "1"), kinesis_record("s", "2"), kinesis_record("s", "3")});
  stored("1");
  EXPECT_THAT(shown(session.out_of_time()), ElementsAre("answer r1 2", "drop cdc"));
  EXPECT_EQ(session.written(), 1);
  EXPECT_EQ(session.size(), 3);
  EXPECT_THAT(shown(session.out_of_time()), IsEmpty());
  EXPECT_THAT(stored("3"), IsEmpty()) << "too late";
  EXPECT_THAT(invoke({kinesis_record("s", "2"), kinesis_record("s", "3")}), ElementsAre("push cdc 2 3"));
}

TEST_F(LambdaSessionTest, ABadRecordEndsItsShardOnly) {
  EXPECT_THAT(invoke({kinesis_record("a", "1"), kinesis_record("b", "11"), kinesis_record("a", "2"),
                      kinesis_record("b", "12"), kinesis_record("a", "3")}),
              ElementsAre("push cdc 1 2 3"));
  EXPECT_THAT(stored("1"), IsEmpty());
  EXPECT_THAT(ended(ErrorKind::corrupt), ElementsAre("drop cdc", "push cdc 11 12"));
  EXPECT_THAT(ended(ErrorKind::corrupt), ElementsAre("drop cdc", "answer r1 2 11"));
}

TEST_F(LambdaSessionTest, WhatElseEndsARelayEndsTheInvocation) {
  invoke({kinesis_record("a", "1"), kinesis_record("b", "11"), dynamodb_record("21")});
  stored("1");
  EXPECT_THAT(ended(ErrorKind::denied), ElementsAre("drop cdc", "answer r1 11 21"));
}

TEST_F(LambdaSessionTest, ARelayThatEndsBetweenInvocations) {
  invoke({kinesis_record("a", "1")});
  stored("1");
  EXPECT_THAT(ended(ErrorKind::denied), ElementsAre("drop cdc"));
  EXPECT_THAT(invoke({kinesis_record("a", "1")}), ElementsAre("push cdc 1")) << "to another one";
}

TEST_F(LambdaSessionTest, EachStreamHasItsRelay) {
  EXPECT_THAT(invoke({dynamodb_record("5", "x"), dynamodb_record("1", "y"), dynamodb_record("6", "x")}),
              ElementsAre("push x 5 6"));
  EXPECT_THAT(stored("6", table_stream("y")), IsEmpty());
  EXPECT_THAT(stored("6", table_stream("x")), ElementsAre("push y 1"));
  EXPECT_THAT(stored("1", table_stream("y")), ElementsAre("answer r1"));
}

TEST_F(LambdaSessionTest, NumbersThatDoNotRiseAreHandedOnApart) {
  EXPECT_THAT(invoke({kinesis_record("s", "1"), kinesis_record("s", "2"), kinesis_record("s", "2", "other"),
                      kinesis_record("s", "1")}),
              ElementsAre("push cdc 1 2"));
  // The relay stands behind 2, and another record of that number follows.
  EXPECT_THAT(stored("2"), ElementsAre("drop cdc", "push cdc 2"));
  EXPECT_THAT(stored("2"), ElementsAre("push cdc 1"));
  EXPECT_THAT(stored("1"), ElementsAre("answer r1"));
}

TEST_F(LambdaSessionTest, GivenAgainTheLastRecordIsKnown) {
  const std::vector<std::string> batch = {kinesis_record("s", "1"), kinesis_record("s", "2"), kinesis_record("s", "3")};
  invoke(batch);
  stored("3");
  // Its place is where the relay stands: no move would tell of it.
  EXPECT_THAT(invoke(batch), ElementsAre("push cdc 1 2"));
  EXPECT_THAT(stored("1"), IsEmpty());
  EXPECT_THAT(stored("2"), ElementsAre("answer r2"));
  EXPECT_EQ(session.written(), 3);
  EXPECT_THAT(invoke(batch), ElementsAre("push cdc 1 2"));
  stored("1");
  EXPECT_THAT(shown(session.out_of_time()), ElementsAre("answer r3 2", "drop cdc"));
  EXPECT_THAT(invoke({kinesis_record("s", "3")}), ElementsAre("push cdc 3")) << "another relay knows nothing of it";
}

TEST_F(LambdaSessionTest, ALoneRecordGivenAgainIsDone) {
  invoke({kinesis_record("s", "3")});
  stored("3");
  EXPECT_THAT(invoke({kinesis_record("s", "3")}), ElementsAre("answer r2"));
}

TEST_F(LambdaSessionTest, AnotherRecordOfThatPlaceIsNotKnown) {
  invoke({kinesis_record("s", "3")});
  stored("3");
  EXPECT_THAT(invoke({kinesis_record("t", "3")}), ElementsAre("drop cdc", "push cdc 3")) << "another shard's";
  stored("3");
  EXPECT_THAT(invoke({kinesis_record("t", "3", "other")}), ElementsAre("drop cdc", "push cdc 3"));
  stored("3");
  EXPECT_THAT(invoke({kinesis_record("t", "3", "other"), kinesis_record("t", "4")}),
              ElementsAre("drop cdc", "push cdc 3 4"))
      << "in the middle";
}

TEST_F(LambdaSessionTest, OfAnAggregateAllIsStoredOrNothing) {
  const std::string packed = kinesis_record("s", "7", shards::aggregate_of({"{}", "{}", "{}"}));
  EXPECT_THAT(invoke({kinesis_record("s", "6"), packed, kinesis_record("s", "8")}),
              ElementsAre("push cdc 6 7:0 7:1 7:2 8"));
  EXPECT_THAT(shown(session.stored(kStream, Position::after(aws::SequenceNumber("7"), 1))), IsEmpty());
  EXPECT_THAT(shown(session.out_of_time()), ElementsAre("answer r1 7", "drop cdc"));
  EXPECT_THAT(invoke({packed}), ElementsAre("push cdc 7:0 7:1 7:2"));
  EXPECT_THAT(stored("7"), ElementsAre("answer r2"));
}

}  // namespace
}  // namespace ctk::engines
