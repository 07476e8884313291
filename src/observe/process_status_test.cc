#include "observe/process_status.h"

#include <gmock/gmock.h>

namespace ctk::observe {
namespace {

using relay::RelayView;
using relay::ShardView;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// One relay, with a shard that is read and one that waits for it.
ProcessStatus status() {
  ProcessStatus status;
  status.version = "1.2.3";
  status.time = parse_timestamp("2026-11-22T03:00:00Z").value();
  status.uptime = std::chrono::milliseconds(90'500);
  RelayStatus& relay = status.relays.emplace_back();
  relay.title = {"dynamodb+cdc://aws/orders", "sqlite:orders.db"};
  relay.has_caught_up = true;
  relay.rates = {12.5, 1000};
  relay.view.name = coordination::RelayName("orders");
  relay.view.worker = coordination::WorkerName("host/1/a");
  relay.view.state = RelayView::State::running;
  relay.view.stats.counts.read = 7;
  relay.view.stats.lag = std::chrono::milliseconds(1500);
  relay.view.stats.memory_used = 42;
  ShardView& shard = relay.view.shards.emplace_back();
  shard.id = aws::ShardId("a");
  shard.state = ShardView::State::reading;
  shard.position = shards::Position::after(aws::SequenceNumber("123"));
  shard.lag = seconds(2);
  ShardView& child = relay.view.shards.emplace_back();
  child.id = aws::ShardId("b");
  child.parents = {aws::ShardId("a")};
  return status;
}

TEST(ProcessStatus, AFailedRelaySaysSinceWhenAndWhy) {
  ProcessStatus failed = status();
  failed.relays.front().view.state = RelayView::State::failed;
  failed.relays.front().failure = RelayFailure{failed.time - seconds(5), "wrong password"};
  EXPECT_THAT(status_json(failed), HasSubstr(R"("state":"failed","ready":true,"healthy":true,"trouble":{"side":"relay",)"
                                             R"("since":"2026-11-22T02:59:55.000000Z","says":"wrong password"})"));
}

TEST(ProcessStatus, HasTheMembersOfTheContractAndNoOthers) {
  EXPECT_EQ(status_json(status()),
            R"({"relays":[{"name":"orders","state":"running","ready":true,"healthy":true,"trouble":null,)"
            R"("lag_seconds":1.500,"seconds_to_data_loss":null,"rates":{"changes":12.500,"bytes":1000.000},)"
            R"("totals":{"read":7,"applied":0,"filtered":0,"stale":null,"deleted":0,"marked":null,"dead_letters":0,)"
            R"("gaps":0,"shards":0,"bytes":0,"seconds":0.000},"memory_bytes":42,"load":null,)"
            R"("shards":[{"id":"a","state":"reading","position":"123","lag_seconds":2.000,"worker":"host/1/a"},)"
            R"({"id":"b","state":"waiting","position":"TRIM_HORIZON","lag_seconds":0.000,"worker":"host/1/a"}]}],)"
            R"("version":"1.2.3","uptime_seconds":90.500})"
            "\n");
}

TEST(ProcessStatus, TellsOfTheSideThatHasFailedLongest) {
  ProcessStatus process = status();
  process.relays[0].view.outages = {{relay::Side::source, seconds(3), "source throttled for 3 s", "slow down"},
                                    {relay::Side::target, seconds(60), "target unreachable for 60 s", "no route"}};
  EXPECT_THAT(status_json(process), HasSubstr(R"("trouble":{"side":"target","since":"2026-11-22T02:59:00.000000Z",)"
                                              R"("says":"no route"})"));
}

TEST(ProcessStatus, SegmentsOfALoadAreItsProgressAndNoShards) {
  ProcessStatus process = status();
  process.relays[0].view.shards[0].segment = true;
  process.relays[0].view.stats.load = relay::LoadProgress{};
  process.relays[0].view.stats.load->items = 5;
  process.relays[0].view.stats.load->items_before = 2;
  EXPECT_THAT(status_json(process), HasSubstr(R"("load":{"running":false,"items":7,"bytes":0,"expected_items":0,)"));
  EXPECT_THAT(status_json(process), Not(HasSubstr(R"("id":"a")")));
}

TEST(ProcessStatus, HealthNamesTheRelay) {
  ProcessStatus process = status();
  process.relays[0].health.reasons = {"the relay has been starting for 61 s"};
  const Health health = health_of(process, seconds(0), seconds(60));
  EXPECT_THAT(health.reasons, ElementsAre("orders: the relay has been starting for 61 s"));
  EXPECT_EQ(health_json(health), "{\"healthy\":false,\"reasons\":[\"orders: the relay has been starting for 61 s\"]}\n");
}

TEST(ProcessStatus, WhatNobodyHasLookedAtIsNotWell) {
  ProcessStatus process = status();
  process.looked = seconds(100);
  EXPECT_TRUE(health_of(process, seconds(160), seconds(60)).is_well());
  EXPECT_THAT(health_of(process, seconds(161), seconds(60)).reasons,
              ElementsAre("the process has not looked at its relays for 61 s"));
}

TEST(ProcessStatus, IsReadyOnceAllRelaysAre) {
  ProcessStatus process = status();
  EXPECT_TRUE(is_ready(process));
  process.relays.emplace_back();
  EXPECT_FALSE(is_ready(process));
  EXPECT_FALSE(is_ready({}));
}

TEST(ProcessStatus, ThePageHasMore) {
  ProcessStatus process = status();
  process.relays[0].history = {{process.time, 1.5, {10, 20}, true}};
  process.relays[0].view.dead_letters = {{process.time, "a", "orders", R"({"pk":{"S":"</script>"}})", "too \"long\""}};
  const std::string page = page_json(process, {}, {{LogLevel::warn, "level=warn msg=x"}});
  EXPECT_THAT(page, HasSubstr(R"("source":"dynamodb+cdc://aws/orders","target":"sqlite:orders.db")"));
  EXPECT_THAT(page, HasSubstr(R"("id":"b","state":"waiting","position":"TRIM_HORIZON","lag_seconds":0.000,)"
                              R"("worker":"host/1/a","parents":["a"])"));
  EXPECT_THAT(page, HasSubstr(R"("history":[[1795316400000,1.500,10.000,20.000,true]])"));
  EXPECT_THAT(page, HasSubstr(R"("key":"{\"pk\":{\"S\":\"</script>\"}}","reason":"too \"long\"")"));
  EXPECT_THAT(page, HasSubstr(R"("log":[{"level":"warn","text":"level=warn msg=x"}])"));
}

}  // namespace
}  // namespace ctk::observe
