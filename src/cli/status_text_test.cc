#include "cli/status_text.h"

#include <gmock/gmock.h>

namespace ctk::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kStatus =
    R"({"relays":[{"name":"orders","state":"loading","ready":false,"healthy":false,"trouble":null,"lag_seconds":1.5,)"
    R"("seconds_to_data_loss":86398.5,"rates":{"changes":1234.5,"bytes":2048},"totals":{"read":1234567,"applied":7,)"
    R"("dead_letters":3,"gaps":0},"memory_bytes":1048576,"load":{"running":true,"items":5000,"bytes":1,)"
    R"("expected_items":20000,"segments":4,"segments_done":1},"shards":[)"
    R"({"id":"a","state":"finished","position":"SHARD_END","lag_seconds":0,"worker":"w"},)"
    R"({"id":"b\u001b[31m","state":"reading","position":"123","lag_seconds":2.25,"worker":"w"}]}],)"
    R"("version":"1.2.3","uptime_seconds":90061.0})";

TEST(StatusText, TellsOfEachRelay) {
  const std::string text = status_text(kStatus, R"({"healthy":false,"reasons":["orders: target unreachable"]})").value();
  EXPECT_THAT(text, HasSubstr("ctk 1.2.3, up for 1d01h\n\norders: loading, NOT healthy, catching up\n"));
  std::string failed(kStatus);
  failed.replace(failed.find("loading"), 7, "failed");
  EXPECT_THAT(status_text(failed, "{}").value(), HasSubstr("orders: failed, NOT healthy\n"))
      << "it catches up with nothing";
  EXPECT_THAT(text, HasSubstr("  lag 1.5s, 1,234 changes/s, 2.0 KB/s, data loss in 23h59m, memory 1.0 MB\n"));
  EXPECT_THAT(text, HasSubstr("  read 1,234,567, applied 7, dead letters 3, gaps 0\n"));
  EXPECT_THAT(text, HasSubstr("  load runs: 5,000 of about 20,000 items, 1 of 4 segments\n"));
  EXPECT_THAT(text, HasSubstr("and 1 finished\n"));
  EXPECT_THAT(text, HasSubstr("\nNot well:\n  orders: target unreachable\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << "names do nothing to a terminal";
}

TEST(StatusText, OfALoadBeforeThisRunNothingIsCounted) {
  EXPECT_THAT(
      status_text(R"({"relays":[{"load":{"running":false,"items":0,"expected_items":6,"segments":0,"segments_done":0}},)"
                  R"({"load":{"running":false,"items":6,"expected_items":5,"segments":4,"segments_done":4}}]})",
                  "{}")
          .value(),
      AllOf(HasSubstr("\n  load complete, before this run\n"),
            HasSubstr("\n  load complete: 6 of about 5 items, 4 of 4 segments\n")));
}

TEST(StatusText, ARelayThatStartsHasNoNameYet) {
  EXPECT_THAT(status_text(R"({"relays":[{"name":"","state":"starting"}]})", "{}").value(),
              HasSubstr("(no name yet): starting, NOT healthy"));
}

TEST(StatusText, WhatIsNoStatusIsAnError) {
  EXPECT_FALSE(status_text("<html>", "{}"));
  EXPECT_FALSE(status_text("[]", "{}"));
  EXPECT_FALSE(status_text(R"({"name":1})", "{}"));
  EXPECT_TRUE(status_text(R"({"relays":[{},3,{"shards":7,"load":1,"rates":[],"lag_seconds":1e300}]})", "[]"))
      << "of a newer or an older ctk, maybe";
}

std::vector<RelayRows> stored(Timestamp now) {
  coordination::StoredPosition going, ended;
  going.shard = aws::ShardId("b");
  going.position = shards::Position::after(aws::SequenceNumber("12"));
  going.read_to = now - std::chrono::seconds(90);
  going.worker = coordination::WorkerName("w");
  ended.shard = aws::ShardId("a");
  ended.position = shards::Position::shard_end();
  return {{coordination::RelayName("orders"), {ended, going}}};
}

TEST(StatusText, WhatIsStoredHasTheSameShape) {
  const Timestamp now = from_micros(1'795'000'000'000'000);
  EXPECT_THAT(stored_status_json(stored(now), now),
              HasSubstr(R"({"relays":[{"name":"orders","state":null,"ready":null,"healthy":null,"trouble":null,)"
                        R"("lag_seconds":90.000,"seconds_to_data_loss":null,"rates":null,"totals":null,)"
                        R"("memory_bytes":null,"load":null,"shards":[)"
                        R"({"id":"a","state":"finished","position":"SHARD_END","lag_seconds":null,"worker":""},)"
                        R"({"id":"b","state":null,"position":"12","lag_seconds":90.000,"worker":"w"}]}],"version":")"));
  EXPECT_THAT(stored_status_text(stored(now), now), HasSubstr("orders: 2 shards, 1 finished, read up to 1m30s ago\n"));
  std::vector<RelayRows> one = stored(now);
  one[0].second.pop_back();
  EXPECT_THAT(stored_status_text(one, now), HasSubstr("orders: 1 shard, 1 finished, nothing is known of its lag\n"));
  EXPECT_EQ(stored_status_text({}, now), "no relay has stored a position here\n");
}

}  // namespace
}  // namespace ctk::cli
