// Enhanced fan-out of the simulated Kinesis, over real HTTP/2, to the program's own client of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "aws/fan_out_http.h"
#include "aws/http_testing.h"
#include "net/curl_client.h"
#include "sim/simulator_server.h"

namespace ctk::sim {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

/// What a subscription has said, for the test's own thread to take.
class Heard final : public aws::ShardListener {
 public:
  struct Word {
    bool opened = false;
    std::optional<aws::ShardEvent> event = {};
    std::optional<Status> end = {};
  };
  void opened(Timestamp) override { say({.opened = true}); }
  void took(aws::ShardEvent event) override { say({.event = std::move(event)}); }
  void ended(Status how) override { say({.end = std::move(how)}); }

  Word next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, seconds(30), [&] { return !words_.empty(); })) return {};
    Word word = std::move(words_.front());
    words_.pop_front();
    return word;
  }
  /// The next event with records, or the end.
  Word next_of_weight() {
    while (true) {
      Word word = next();
      if (word.end || (word.event && !word.event->records.empty()) || (!word.opened && !word.event)) return word;
    }
  }

 private:
  void say(Word word) {
    const std::lock_guard lock(mutex_);
    words_.push_back(std::move(word));
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Word> words_;
};

class FanOut : public testing::TestWithParam<aws::WireFormat> {
 protected:
  FanOut() {
    ::setenv("NO_PROXY", "127.0.0.1", 1);
    services.kinesis.options().longest_silence = std::chrono::milliseconds(200);
    EXPECT_TRUE(services.kinesis.create_stream("cdc", 1, clock.now()));
    consumer = services.kinesis.register_consumer("cdc", "me", clock.now()).value().arn;
    thread = std::thread([this] { loop.run(); });
  }
  ~FanOut() override {
    on_loop([&] {
      subscription.reset();
      other.reset();
      api.reset();
    });
    client.reset();
    loop.quit();
    thread.join();
  }
  FanOut(const FanOut&) = delete;
  FanOut& operator=(const FanOut&) = delete;

  template <class Work>
  void on_loop(Work work) {
    std::promise<void> done;
    loop.post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }
  void subscribe(aws::IteratorStart start = {}, const char* shard = "shardId-000000000000") {
    on_loop([&] { subscription = api->subscribe(aws::Arn(consumer), aws::ShardId(shard), start, heard); });
  }
  void put(const std::string& data) {
    const std::lock_guard lock(server.mutex());
    ASSERT_TRUE(services.kinesis.put_record({"cdc", data, "a", {}}, clock.now()));
  }
  void turn(const FaultKnobs& knobs) { server.set_faults(knobs); }

  SystemClock clock;
  Services services{1};
  SimulatorServer server{services, clock};
  ThreadLoop loop{clock};
  std::thread thread;
  std::optional<net::CurlClient> client{std::in_place, loop, net::CurlOptions{}};
  aws::FakeCredentials credentials{loop};
  InlineExecutor executor{loop};
  std::unique_ptr<aws::FanOutApi> api = aws::make_fan_out_http(
      {server.url(), "us-east-1"}, {credentials, *client, *client, executor, loop, clock}, GetParam());
  std::string consumer;
  Heard heard, heard_too;
  std::unique_ptr<aws::ShardSubscription> subscription, other;
};

INSTANTIATE_TEST_SUITE_P(InBothForms, FanOut, testing::Values(aws::WireFormat::cbor, aws::WireFormat::json));

TEST_P(FanOut, PushesWhatComes) {
  put("before");
  subscribe();
  EXPECT_TRUE(heard.next().opened);
  const auto first = heard.next_of_weight();
  ASSERT_TRUE(first.event);
  EXPECT_EQ(first.event->records.front().data, "before");
  EXPECT_EQ(first.event->continuation, first.event->records.back().sequence);
  put("after");
  const auto second = heard.next_of_weight();
  ASSERT_TRUE(second.event);
  EXPECT_EQ(second.event->records.front().data, "after");
  EXPECT_EQ(second.event->behind_latest, Duration{});
}

TEST_P(FanOut, AnEmptyShardIsHeardOfToo) {
  subscribe();
  EXPECT_TRUE(heard.next().opened);
  const auto word = heard.next();
  ASSERT_TRUE(word.event);
  EXPECT_TRUE(word.event->records.empty());
  EXPECT_TRUE(word.event->continuation);
}

TEST_P(FanOut, GoesOnBehindASequenceNumber) {
  put("one");
  put("two");
  subscribe();
  const auto both = heard.next_of_weight();
  ASSERT_TRUE(both.event && both.event->records.size() == 2);
  on_loop([&] {
    subscription.reset();
    other = api->subscribe(aws::Arn(consumer), aws::ShardId("shardId-000000000000"), {}, heard_too);
  });
  const auto soon = heard_too.next();
  ASSERT_TRUE(soon.end && !*soon.end) << "within five seconds";
  EXPECT_EQ(soon.end->error().kind, ErrorKind::unreachable);
  EXPECT_THAT(soon.end->error().peer, HasSubstr("ResourceInUseException"));
}

TEST_P(FanOut, AShardThatIsSplitEndsAndNamesItsChildren) {
  put("last");
  {
    const std::lock_guard lock(server.mutex());
    ASSERT_TRUE(services.kinesis.split_any("cdc", clock.now()));
  }
  subscribe();
  const auto word = heard.next_of_weight();
  ASSERT_TRUE(word.event);
  EXPECT_EQ(word.event->records.front().data, "last");
  EXPECT_FALSE(word.event->continuation);
  ASSERT_EQ(word.event->children.size(), 2u);
  EXPECT_EQ(word.event->children[0].parents.size(), 1u);
  EXPECT_TRUE(word.event->children[0].keys);
  const auto end = heard.next();
  EXPECT_TRUE(end.end && *end.end);
}

TEST_P(FanOut, EndsAfterItsTime) {
  services.kinesis.options().subscription_life = std::chrono::milliseconds(300);
  subscribe();
  std::optional<Status> end;
  while (!end) end = heard.next().end;
  EXPECT_TRUE(*end) << to_string(end->error());
}

TEST_P(FanOut, WhatGoesWrongIsTold) {
  struct Case {
    FaultKnobs knobs;
    std::vector<ErrorKind> kinds;
  };
  FaultKnobs cut, spoilt, refused;
  cut.cut_push = spoilt.spoilt_push = refused.refused_push = 1;
  const std::vector<Case> cases = {
      {cut, {ErrorKind::unreachable}}, {spoilt, {ErrorKind::corrupt}}, {refused, {ErrorKind::unreachable}}};
  for (size_t i = 0; i < cases.size(); ++i) {
    turn(cases[i].knobs);
    const std::string name = "c" + std::to_string(i);  // the service lets one wait for five seconds
    {
      const std::lock_guard lock(server.mutex());
      consumer = services.kinesis.register_consumer("cdc", name, clock.now()).value().arn;
    }
    subscribe();
    auto word = heard.next();  // a cut may overtake the answer's head, and then nothing was opened
    if (word.opened) word = heard.next();
    ASSERT_TRUE(word.end && !*word.end) << i;
    EXPECT_THAT(cases[i].kinds, testing::Contains(word.end->error().kind)) << i << to_string(word.end->error());
  }
}

TEST_P(FanOut, SaysWhatIsNotThere) {
  subscribe({}, "shardId-000000000009");
  const auto word = heard.next();
  ASSERT_TRUE(word.end && !*word.end);
  EXPECT_EQ(word.end->error().kind, ErrorKind::not_found) << to_string(word.end->error());
}

TEST_P(FanOut, RegistersAndDescribes) {
  std::promise<Result<aws::StreamConsumer>> made, found, again;
  const aws::Arn stream(services.kinesis.arn_of("cdc"));
  on_loop([&] { api->register_consumer(stream, "new", [&](auto answer) { made.set_value(std::move(answer)); }); });
  const auto registered = made.get_future().get();
  ASSERT_TRUE(registered) << to_string(registered.error());
  EXPECT_EQ(registered->name, "new");
  EXPECT_EQ(registered->status, "ACTIVE");
  on_loop([&] { api->describe_consumer(stream, "new", [&](auto answer) { found.set_value(std::move(answer)); }); });
  EXPECT_EQ(found.get_future().get().value().arn, registered->arn);
  on_loop([&] { api->register_consumer(stream, "new", [&](auto answer) { again.set_value(std::move(answer)); }); });
  EXPECT_THAT(again.get_future().get().error().peer, HasSubstr("ResourceInUseException"));
}

TEST_P(FanOut, TakesManyShardsAtOnce) {
  constexpr int kShards = 150;  // more than a client and a server have room for in ordinary calls
  {
    const std::lock_guard lock(server.mutex());
    ASSERT_TRUE(services.kinesis.create_stream("wide", kShards, clock.now()));
    consumer = services.kinesis.register_consumer("wide", "me", clock.now()).value().arn;
  }
  std::vector<std::unique_ptr<aws::ShardSubscription>> all;
  on_loop([&] {
    for (int i = 0; i < kShards; ++i) {
      const aws::ShardId shard("shardId-" + std::string(12 - std::to_string(i).size(), '0') + std::to_string(i));
      all.push_back(api->subscribe(aws::Arn(consumer), shard, {}, heard));
    }
  });
  int opened = 0;
  for (int words = 0; opened < kShards && words < 100 * kShards; ++words) {
    const auto word = heard.next();
    ASSERT_FALSE(word.end) << to_string(word.end->error());
    opened += word.opened ? 1 : 0;
  }
  EXPECT_EQ(opened, kShards);
  on_loop([&] { all.clear(); });
}

}  // namespace
}  // namespace ctk::sim
