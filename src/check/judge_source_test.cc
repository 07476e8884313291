#include "check/judge_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctk::check {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using enum Verdict;

const Error kDenied{ErrorKind::denied, "Scan failed", "AccessDeniedException: User: x is not authorized", "check"};

TEST(JudgeIdentity, StsSaysWhoWeAre) {
  IdentitySight sight{.origin = "profile 'dev'", .identity = aws::CallerIdentity{"arn:aws:iam::1:user/a", "1"}};
  EXPECT_EQ(judge_identity(sight), (Finding{ok, "credentials", "from profile 'dev': arn:aws:iam::1:user/a"}));
  sight.identity = std::unexpected(kDenied);
  EXPECT_EQ(judge_identity(sight).verdict, fail);
  sight.borrowed = true;  // an emulator's word counts for nothing
  EXPECT_EQ(judge_identity(sight).verdict, warn);
  sight = {.origin = "environment", .identity = std::unexpected(Error{ErrorKind::unreachable, "no answer", "", ""})};
  EXPECT_EQ(judge_identity(sight).verdict, warn);
  sight.none = Error{ErrorKind::denied, "no AWS credentials found", "", "set some"};
  EXPECT_EQ(judge_identity(sight), (Finding{fail, "credentials", "no AWS credentials found", "set some"}));
}

TEST(JudgeClock, CountsFromFiveMinutesOn) {
  EXPECT_EQ(judge_clock(std::nullopt).verdict, warn);
  EXPECT_EQ(judge_clock(-seconds(1)), (Finding{ok, "clock", "as the service's"}));
  EXPECT_EQ(judge_clock(seconds(20)).seen, "20s behind the service's");
  EXPECT_EQ(judge_clock(-minutes(2)).verdict, warn);
  EXPECT_THAT(judge_clock(-minutes(2)).seen, HasSubstr("2m before"));
  EXPECT_EQ(judge_clock(hours(1)).verdict, fail);
  EXPECT_THAT(judge_clock(hours(1)).hint, HasSubstr("timedatectl"));
}

TEST(JudgeCall, ARefusalNamesTheRight) {
  CallSight call{{"dynamodb:Scan", "arn:t"}};
  EXPECT_EQ(judge_call(call, true), (Finding{ok, "permission dynamodb:Scan", "allowed on arn:t"}));
  call.error = Error{ErrorKind::refused, "DynamoDB refuses the call", "ValidationException: no such key", ""};
  EXPECT_EQ(judge_call(call, true).verdict, ok) << "it has looked at what was asked for";
  for (const ErrorKind kind : {ErrorKind::corrupt, ErrorKind::refused, ErrorKind::internal}) {
    call.error = Error{kind, "the answer is no JSON", "<html>", "is that DynamoDB?"};
    EXPECT_EQ(judge_call(call, true).verdict, fail) << "somebody else answers";
  }
  call.error = kDenied;
  EXPECT_EQ(judge_call(call, true),
            (Finding{fail, "permission dynamodb:Scan", "Scan failed: AccessDeniedException: User: x is not authorized",
                     "allow dynamodb:Scan on arn:t"}));
  EXPECT_THAT(judge_call(call, false).hint, HasSubstr("other credentials"));
  call.error->kind = ErrorKind::throttled;
  EXPECT_EQ(judge_call(call, true).verdict, warn);
  call.error->kind = ErrorKind::not_found;  // who may not ask is not told that there is nothing
  EXPECT_EQ(judge_call(call, true).verdict, ok);
  call = {{"kinesis:CreateStream", "arn:s"}, std::nullopt, "the stream is there"};
  EXPECT_EQ(judge_call(call, true).verdict, ok);
  call.untried = "it would make the stream";
  EXPECT_EQ(judge_call(call, true),
            (Finding{warn, "permission kinesis:CreateStream", "not tried: it would make the stream"}));
}

TEST(JudgeLeases, EachRightIsNamedWithItsTable) {
  LeaseTableSight sight{"workers"};
  sight.calls = {{{"dynamodb:Scan", "arn:w"}, kDenied},
                 {{"dynamodb:PutItem", "arn:w"}, std::nullopt, "it would write a lease"}};
  EXPECT_EQ(judge_leases(sight, true),
            (Findings{{fail, "permission dynamodb:Scan on workers",
                       "Scan failed: AccessDeniedException: User: x is not authorized", "allow dynamodb:Scan on arn:w"},
                      {warn, "permission dynamodb:PutItem on workers", "not tried: it would write a lease"}}));
  sight = {.name = "orders", .is_of_something_else = true};
  EXPECT_EQ(judge_leases(sight, true),
            (Findings{{fail, "lease table", "table 'orders' is no lease table: its key is not leaseKey",
                       "name another one with lease-table=NAME"}}));
}

TEST(JudgeReach, WhatIsNotThereIsMadeWhereThatIsAskedFor) {
  SourceSight sight;
  sight.calls.push_back(
      {{"kinesis:DescribeStreamSummary", "s"}, Error{ErrorKind::not_found, "there is no stream", "", ""}});
  EXPECT_EQ(judge_reach(sight, {.kinesis = "cdc"}, "http://h"),
            (Finding{fail, "source", "there is no stream", "create=true makes the stream"}));
  EXPECT_EQ(judge_reach(sight, {.kinesis = "cdc", .create_kinesis = true}, "http://h").verdict, ok);
}

TEST(JudgeReach, WhatIsNotThereFails) {
  SourceSight sight;
  EXPECT_EQ(judge_reach(sight, {}, "http://h"), (Finding{ok, "source", "http://h answers"}));
  sight.calls.push_back({{"x:GetShardIterator", "b"}, Error{ErrorKind::not_found, "there is no shard", "", ""}});
  EXPECT_EQ(judge_reach(sight, {}, "http://h").verdict, ok);
  sight.calls.push_back({{"x:DescribeTable", "b"}, Error{ErrorKind::not_found, "there is no table 'x'", "", "hint"}});
  EXPECT_EQ(judge_reach(sight, {}, "http://h"), (Finding{fail, "source", "there is no table 'x'", "hint"}));
}

TEST(JudgeReach, WhoDoesNotAnswerMayHaveAnotherAddress) {
  SourceSight sight;
  sight.calls.push_back({{"x:DescribeTable", "b"}, Error{ErrorKind::unreachable, "cannot connect to h:1", "", ""}});
  EXPECT_EQ(judge_reach(sight, {}, "http://h").verdict, fail);
  EXPECT_THAT(judge_reach(sight, {}, "http://h").hint, HasSubstr("endpoint-url"));
}

class JudgeStream : public testing::Test {
 protected:
  JudgeStream() {
    sight_.table.emplace();
    sight_.table->name = aws::TableName("demo");
    sight_.table->stream = aws::TableStream{aws::Arn("arn"), true, aws::StreamView::new_image};
    sight_.table_stream.emplace();
    sight_.table_stream->table = aws::TableName("demo");
    sight_.table_stream->status = "ENABLED";
    sight_.table_stream->view = aws::StreamView::new_image;
  }
  SourceSight sight_;
};

TEST_F(JudgeStream, NewImagesAreNeeded) {
  EXPECT_EQ(judge_stream(sight_, {}).verdict, ok);
  sight_.table->stream->view = aws::StreamView::keys_only;
  EXPECT_EQ(judge_stream(sight_, {}).verdict, fail);
  EXPECT_THAT(judge_stream(sight_, {}).seen, HasSubstr("KEYS_ONLY"));
}

TEST_F(JudgeStream, OneThatIsOffCanBeSwitchedOn) {
  sight_.table->stream->enabled = false;
  EXPECT_THAT(judge_stream(sight_, {}).seen, HasSubstr("switched off"));
  EXPECT_EQ(judge_stream(sight_, {.enable_stream = true}).verdict, ok);
  sight_.table->stream.reset();
  EXPECT_THAT(judge_stream(sight_, {}).seen, HasSubstr("has no stream"));
  EXPECT_THAT(judge_stream(sight_, {}).hint, HasSubstr("enable-stream=true"));
}

TEST_F(JudgeStream, WithoutADescriptionNothingIsKnown) {
  sight_.table_stream.reset();
  EXPECT_EQ(judge_stream(sight_, {}).verdict, warn);
  sight_ = {};
  EXPECT_THAT(judge_stream(sight_, {.kinesis = "cdc"}).seen, HasSubstr("DescribeStreamSummary"));
  EXPECT_EQ(judge_stream(sight_, {.kinesis = "cdc", .create_kinesis = true}).verdict, ok);
  sight_.kinesis.emplace().status = "ACTIVE";
  EXPECT_EQ(judge_stream(sight_, {.kinesis = "cdc"}).verdict, ok);
  sight_.kinesis->status = "DELETING";
  EXPECT_EQ(judge_stream(sight_, {.kinesis = "cdc"}).verdict, fail);
}

class JudgeRetention : public testing::Test {
 protected:
  JudgeRetention() : seen_{coordination::RelayName("r"), coordination::Incarnation("a/1"), {}, kNow, true} {}
  coordination::StoredPosition& add(Duration ago) {
    coordination::StoredPosition row;
    row.incarnation = seen_.incarnation;
    row.read_to = kNow - ago;
    return seen_.rows.emplace_back(row);
  }
  Finding judge() { return judge_retention(hours(24), seen_, "ctk load --reset"); }

  const Timestamp kNow = parse_timestamp("2026-11-22T03:32:55Z").value();
  PositionsSight seen_;
};

TEST_F(JudgeRetention, TheOldestShardCounts) {
  EXPECT_EQ(judge(), (Finding{ok, "retention", "the stream keeps 1d; nothing is stored of r"}));
  add(minutes(1));
  EXPECT_EQ(judge(), (Finding{ok, "retention", "the stream keeps 1d, and it was read up to 1m ago"}));
  add(hours(13));
  EXPECT_EQ(judge().verdict, warn);
  add(hours(25));
  EXPECT_EQ(judge().verdict, fail);
  EXPECT_THAT(judge().hint, HasSubstr("ctk load --reset"));
  seen_.gap_stops = false;
  EXPECT_EQ(judge().verdict, warn);
}

TEST_F(JudgeRetention, AYoungShardHasLostNothingOfBeforeItWasMade) {
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>((kNow - hours(2)).time_since_epoch());
  add(hours(25)).shard = aws::ShardId(fmt::format("shardId-{:020}-0a1b2c3d", millis.count()));
  EXPECT_EQ(judge(), (Finding{ok, "retention", "the stream keeps 1d, and it was read up to 2h ago"}));
  add(hours(26)).shard = aws::ShardId("shardId-000000000000");
  EXPECT_EQ(judge().verdict, fail) << "Kinesis' names do not tell";
}

TEST_F(JudgeRetention, WhatIsForgottenCannotBeBehind) {
  add(hours(25)).incarnation = coordination::Incarnation("another");
  EXPECT_EQ(judge().verdict, fail);
  seen_.forgets = true;
  EXPECT_EQ(judge(), (Finding{ok, "retention", "the stream keeps 1d; what is stored of r is forgotten, as --reset asks"}));
}

TEST_F(JudgeRetention, ABoundedRunIsToBeRunAgainInTime) {
  add(hours(13));
  EXPECT_EQ(judge().hint, "start the relay within 11h");
  seen_.bounded = true;
  EXPECT_EQ(judge().hint, "run it within 11h, and then at least every 12h");
}

TEST_F(JudgeRetention, RowsOfOtherLibrariesDoNotSayWhoseTheyAre) {
  add(minutes(1)).incarnation = coordination::Incarnation("");
  EXPECT_EQ(judge().verdict, ok);
}

TEST_F(JudgeRetention, AStartThatIsNotHeededIsTold) {
  EXPECT_EQ(judge_start(seen_, "again"), std::nullopt);
  seen_.start_given = true;
  EXPECT_EQ(judge_start(seen_, "again"), std::nullopt);
  add(minutes(1));
  EXPECT_EQ(judge_start(seen_, "again"), (Finding{warn, "start", "start is ignored: positions of r are stored",
                                                  "leave start away; or forget them: again"}));
  seen_.forgets = true;
  EXPECT_EQ(judge_start(seen_, "again"), std::nullopt);
}

TEST_F(JudgeRetention, ABoundedRunFromTheEndReadsNothing) {
  seen_.start_given = seen_.starts_at_end = true;
  EXPECT_EQ(judge_start(seen_, "again"), std::nullopt) << "it waits for what comes";
  seen_.bounded = true;
  EXPECT_EQ(judge_start(seen_, "again").value().hint, "the next run reads what comes after this one");
  seen_.kept = false;
  EXPECT_EQ(judge_start(seen_, "again").value().hint, "leave start away, or once");
  seen_.loads = true;
  EXPECT_EQ(judge_start(seen_, "again"), std::nullopt) << "the table";
}

TEST_F(JudgeRetention, WhatIsNotKeptCannotBeBehind) {
  seen_.kept = false;
  EXPECT_EQ(judge(),
            (Finding{ok, "retention", "the stream keeps 1d; positions are kept in memory: each run begins at start"}));
}

TEST_F(JudgeRetention, WhatWasReadToItsEndIsOver) {
  add(hours(25)).position = shards::Position::shard_end();
  EXPECT_EQ(judge().verdict, ok);
}

TEST_F(JudgeRetention, AnotherStreamsPositionsAreNoUse) {
  add(minutes(1)).incarnation = coordination::Incarnation("a/2");
  EXPECT_EQ(judge().verdict, fail);
  EXPECT_EQ(judge().hint, "ctk load --reset");
}

class JudgePrecision : public testing::Test {
 protected:
  Finding judge(std::vector<aws::KinesisDestination> destinations) {
    SourceSight sight;
    sight.kinesis.emplace().arn = aws::Arn("arn:s");
    sight.destinations = std::move(destinations);
    return judge_precision(sight, "demo");
  }
};

TEST_F(JudgePrecision, OfTheDestination) {
  EXPECT_EQ(judge({{aws::Arn("arn:s"), "ACTIVE", "MICROSECOND"}}).verdict, ok);
  EXPECT_EQ(judge({{aws::Arn("arn:s"), "ACTIVE", ""}}).verdict, warn);
  const Finding coarse = judge({{aws::Arn("arn:s"), "ACTIVE", "MILLISECOND"}});
  EXPECT_EQ(coarse.verdict, warn);
  EXPECT_EQ(coarse.hint,
            "aws dynamodb update-kinesis-streaming-destination --table-name demo --stream-arn arn:s "
            "--update-kinesis-streaming-configuration ApproximateCreationDateTimePrecision=MICROSECOND");
  EXPECT_EQ(judge({{aws::Arn("arn:other"), "ACTIVE", "MICROSECOND"}}).verdict, fail);
  EXPECT_EQ(judge({{aws::Arn("arn:s"), "DISABLED", "MICROSECOND"}}).verdict, fail);
}

TEST_F(JudgePrecision, OrOfARecord) {
  SourceSight sight;
  EXPECT_EQ(judge_precision(sight, "").verdict, ok);
  sight.record = R"({"dynamodb":{"ApproximateCreationDateTimePrecision":"MILLISECOND"}})";
  EXPECT_EQ(judge_precision(sight, "").verdict, warn);
  sight.record = R"({"dynamodb":{"ApproximateCreationDateTimePrecision":"MICROSECOND"}})";
  EXPECT_EQ(judge_precision(sight, "").verdict, ok);
  sight.destinations = std::unexpected(kDenied);
  EXPECT_EQ(judge_precision(sight, "demo").verdict, warn);
}

TEST(JudgeRecovery, IsNoNeed) {
  EXPECT_EQ(judge_recovery(true), (Finding{ok, "point-in-time recovery", "on"}));
  EXPECT_EQ(judge_recovery(false).verdict, ok);
  EXPECT_EQ(judge_recovery(std::unexpected(kDenied)).verdict, warn);
  EXPECT_EQ(judge_recovery(std::unexpected(Error{ErrorKind::refused, "unknown", "", ""})).verdict, ok);
}

}  // namespace
}  // namespace ctk::check
