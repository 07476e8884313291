// The reader of enhanced fan-out against a service that does what the test says.
#include "source/fan_out_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "base/lifeline.h"

namespace ctk::source {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using Kind = aws::IteratorStart::Kind;

class FakeFanOut final : public aws::FanOutApi {
 public:
  explicit FakeFanOut(VirtualLoop& loop) : loop_(loop) {}

  void describe_consumer(const aws::Arn&, const std::string& name, Done<aws::StreamConsumer> done) override {
    Result<aws::StreamConsumer> answer = fail(ErrorKind::not_found, "there is no consumer " + name);
    if (consumer) answer = *consumer;
    loop_.post([answer, done = std::move(done)]() mutable { done(answer); });
  }
  void register_consumer(const aws::Arn&, const std::string& name, Done<aws::StreamConsumer> done) override {
    consumer = aws::StreamConsumer{name, aws::Arn("arn:consumer"), "CREATING"};
    loop_.post([made = *consumer, done = std::move(done)]() mutable { done(made); });
  }
  std::unique_ptr<aws::ShardSubscription> subscribe(const aws::Arn&, const ShardId& shard, const aws::IteratorStart& start,
                                                    aws::ShardListener& listener) override {
    asked.push_back({shard, start, loop_.monotonic()});
    auto subscription = std::make_unique<Handle>(*this, listener);
    live = subscription.get();
    if (refusal) {
      loop_.post(subscription->lifeline.guard([this, &listener] { listener.ended(std::unexpected(*refusal)); }));
    } else if (opens) {
      loop_.post(subscription->lifeline.guard([this, &listener] { listener.opened(loop_.now()); }));
    }
    return subscription;
  }

  struct Asked {
    ShardId shard;
    aws::IteratorStart start;
    Duration at;
  };
  struct Handle final : aws::ShardSubscription {
    Handle(FakeFanOut& fake, aws::ShardListener& to) : owner(fake), listener(to) {}
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() override {
      if (owner.live == this) owner.live = nullptr;
    }
    FakeFanOut& owner;
    aws::ShardListener& listener;
    Lifeline lifeline;
  };

  std::optional<aws::StreamConsumer> consumer = aws::StreamConsumer{"me", aws::Arn("arn:consumer"), "ACTIVE"};
  std::optional<Error> refusal;
  bool opens = true;
  std::vector<Asked> asked;
  Handle* live = nullptr;  ///< the last one, while it is there

 private:
  VirtualLoop& loop_;
};

class FanOutReading : public testing::Test {
 protected:
  FanOutReading() {
    reader = make_fan_out_reader({&api, "me", 10'000}, loop, loop);
    reader->when_ready([this](const ShardId&) { ++calls; });
  }

  Result<bool> open() {
    std::optional<Result<bool>> opened;
    reader->open({}, [&](Result<bool> result) { opened = std::move(result); });
    loop.run_until([&] { return opened.has_value(); }, seconds(1));
    return opened.value_or(fail(ErrorKind::internal, "nobody has answered"));
  }
  void begin_to_read(Position from = Position::trim_horizon()) { begin_to_read_of(kShard, std::move(from)); }
  void begin_to_read_of(const ShardId& shard, Position from) {
    answer.reset();
    ReadRequest request;
    request.shard = shard;
    request.position = std::move(from);
    reader->read(request, [this](Result<Page> page) { answer = std::move(page); });
  }
  std::optional<Result<Page>> read_of(const ShardId& shard) {
    begin_to_read_of(shard, Position::trim_horizon());
    pass(milliseconds(1));
    return std::move(answer);
  }
  /// What a read gives, within so long.
  std::optional<Result<Page>> read(Duration within = milliseconds(1), Position from = Position::trim_horizon()) {
    begin_to_read(std::move(from));
    pass(within);
    return std::move(answer);
  }
  void pass(Duration time) {
    bool over = false;
    loop.after(time, [&] { over = true; });
    loop.run_until([&] { return over; }, time + seconds(1));
  }
  void push(std::vector<std::string> numbers, const char* continuation, size_t bytes = 10) {
    aws::ShardEvent event;
    for (std::string& number : numbers)
      event.records.push_back({aws::SequenceNumber(std::move(number)), loop.now(), std::string(bytes, 'x')});
    if (continuation != nullptr) event.continuation = aws::SequenceNumber(continuation);
    ASSERT_NE(api.live, nullptr);
    api.live->listener.took(std::move(event));
  }
  static std::vector<std::string> numbers_of(const std::optional<Result<Page>>& page) {
    std::vector<std::string> numbers;
    if (!page || !*page) return numbers;
    for (const dynamodb::RawRecord& record : (*page)->records) numbers.push_back(record.sequence.str());
    return numbers;
  }

  const ShardId kShard{"shardId-000000000000"};
  VirtualLoop loop{from_micros(1'700'000'000'000'000)};
  FakeFanOut api{loop};
  int calls = 0;
  std::optional<Result<Page>> answer;
  std::unique_ptr<ShardReader> reader;
};

using testing::ElementsAre;

TEST_F(FanOutReading, UsesAConsumerThatIsThereAndRegistersOneThatIsNot) {
  EXPECT_TRUE(open());
  api.consumer.reset();
  const Result<bool> made = open();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::unreachable) << "worth another try";
  EXPECT_THAT(made.error().message, HasSubstr("consumer 'me' is CREATING"));
  api.consumer->status = "ACTIVE";
  EXPECT_TRUE(open());
}

TEST_F(FanOutReading, ReadsWhatIsPushed) {
  const auto nothing = read();
  ASSERT_TRUE(nothing && *nothing) << "the subscription is taken";
  EXPECT_TRUE((*nothing)->records.empty());
  EXPECT_FALSE((*nothing)->at_tip) << "nobody has said so";
  push({"1", "2"}, "2");
  EXPECT_EQ(calls, 1) << "whoever rests is called";
  const auto page = read();
  EXPECT_THAT(numbers_of(page), ElementsAre("1", "2"));
  EXPECT_TRUE((*page)->at_tip);
  EXPECT_GT((*page)->rest, seconds(5)) << "until it is called";
}

TEST_F(FanOutReading, GivesAReadThatWaitsItsEventAtOnce) {
  api.opens = false;
  EXPECT_FALSE(read()) << "until there is a subscription";
  begin_to_read();
  push({"1"}, "1");
  EXPECT_THAT(numbers_of(answer), ElementsAre("1"));
  EXPECT_EQ(calls, 0);
}

// Statement 27: after the five minutes, in the middle of what is being read, it goes on after the last event that was
// accepted, whether that was read already or not.
TEST_F(FanOutReading, Statement27GoesOnBehindTheLastAcceptedEventAfterTheEnd) {
  ASSERT_TRUE(read());
  push({"1", "2"}, "2");
  push({"3"}, "3");
  pass(seconds(20));
  api.live->listener.ended({});
  pass(milliseconds(1));
  ASSERT_EQ(api.asked.size(), 2u);
  EXPECT_EQ(api.asked[1].start.kind, Kind::after_sequence) << "though nothing was read yet";
  EXPECT_EQ(api.asked[1].start.sequence.str(), "3");
  EXPECT_THAT(numbers_of(read()), ElementsAre("1", "2"));
  EXPECT_THAT(numbers_of(read()), ElementsAre("3"));
  push({"4"}, "4");
  EXPECT_THAT(numbers_of(read()), ElementsAre("4"));
}

// Statement 27: ResourceInUse within five seconds is tried again, and nobody hears of it.
TEST_F(FanOutReading, Statement27AnotherSubscriptionIsWaitedFor) {
  api.refusal = Error{ErrorKind::unreachable, "SubscribeToShard failed", "ResourceInUseException", ""};
  EXPECT_FALSE(read(seconds(5)));
  EXPECT_GT(api.asked.size(), 3u);
  EXPECT_LT(api.asked.size(), 12u);
  api.refusal.reset();
  pass(seconds(4));
  EXPECT_TRUE(answer && *answer);
}

// Statement 27: the event without a continuation is the last one.
TEST_F(FanOutReading, Statement27AShardEnds) {
  ASSERT_TRUE(read());
  push({"1"}, nullptr);
  const auto page = read();
  EXPECT_THAT(numbers_of(page), ElementsAre("1"));
  EXPECT_TRUE((*page)->ended);
  pass(minutes(10));
  EXPECT_EQ(api.asked.size(), 1u);
}

TEST_F(FanOutReading, RenewsInTimeAndLosesNothing) {
  ASSERT_TRUE(read());
  for (int i = 1; i <= 100; ++i) {
    pass(seconds(5));
    push({std::to_string(i)}, std::to_string(i).c_str());
    EXPECT_THAT(numbers_of(read()), ElementsAre(std::to_string(i)));
  }
  ASSERT_EQ(api.asked.size(), 2u) << "within 500 s";
  EXPECT_LT(api.asked[1].at - api.asked[0].at, minutes(5));
  EXPECT_GT(api.asked[1].at - api.asked[0].at, minutes(3));
}

TEST_F(FanOutReading, DropsASilentSubscription) {
  ASSERT_TRUE(read());
  pass(seconds(29));
  EXPECT_EQ(api.asked.size(), 1u);
  pass(seconds(2));
  EXPECT_EQ(api.asked.size(), 2u);
}

TEST_F(FanOutReading, SaysAtOnceWhatNobodyMendsAndTriesAgainWhenItIsRead) {
  api.refusal = Error{ErrorKind::denied, "no right", "", ""};
  auto page = read(seconds(60));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->error().kind, ErrorKind::denied);
  EXPECT_EQ(api.asked.size(), 1u) << "the pause is the reader's";
  page = read(seconds(60));
  ASSERT_TRUE(page);
  EXPECT_FALSE(*page);
  EXPECT_EQ(api.asked.size(), 2u);
}

TEST_F(FanOutReading, TellsWhoeverRestsOfAFailureAndWaitsForTheRead) {
  ASSERT_TRUE(read());
  push({"1"}, "1");
  calls = 0;
  api.live->listener.ended(fail(ErrorKind::not_found, "the consumer is gone"));
  pass(minutes(1));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(api.asked.size(), 1u);
  EXPECT_THAT(numbers_of(read()), ElementsAre("1")) << "what came before it";
  const auto page = read();
  ASSERT_TRUE(page);
  EXPECT_EQ(page->error().kind, ErrorKind::not_found);
  EXPECT_EQ(api.asked.size(), 1u);
}

TEST_F(FanOutReading, LetsGoOfASubscriptionWhereThereIsNoRoomAndGoesOnOnceItWasRead) {
  ASSERT_TRUE(read());
  push({"1", "2"}, "2", 6000);
  EXPECT_EQ(api.live, nullptr) << "more than 10,000 bytes wait";
  pass(minutes(1));
  EXPECT_EQ(api.asked.size(), 1u) << "not before somebody reads";
  EXPECT_THAT(numbers_of(read()), ElementsAre("1", "2"));
  pass(milliseconds(2));
  ASSERT_EQ(api.asked.size(), 2u);
  EXPECT_EQ(api.asked[1].start.sequence.str(), "2");
}

TEST_F(FanOutReading, AReadOfAShardForWhichThereIsNoRoomIsAnsweredAtOnce) {
  ASSERT_TRUE(read());
  push({"1"}, "1", 6000);
  const std::optional<Result<Page>> other = read_of(ShardId("shardId-000000000001"));
  ASSERT_TRUE(other && *other);
  EXPECT_TRUE((*other)->records.empty());
  EXPECT_EQ((*other)->rest, seconds(10));
  EXPECT_EQ(api.asked.size(), 1u);
  EXPECT_THAT(numbers_of(read()), ElementsAre("1"));
  pass(milliseconds(2));
  ASSERT_EQ(api.asked.size(), 2u) << "there is room for it now";
  EXPECT_EQ(api.asked[1].shard, ShardId("shardId-000000000001"));
}

TEST_F(FanOutReading, OpensAsManyAtOnceAsThereIsRoomForWhatTheyMayPush) {
  reader = make_fan_out_reader({&api, "me", 8u << 20}, loop, loop);
  const auto begin_all = [&](int first, int last) {
    for (int i = first; i < last; ++i) begin_to_read_of(ShardId("shard-" + std::to_string(i)), Position::trim_horizon());
    pass(milliseconds(1));
  };
  begin_all(0, 10);
  EXPECT_EQ(api.asked.size(), 4u) << "half of 8 MB, at 1 MB each";
  push({}, "1");  // the last one has no backlog
  EXPECT_EQ(api.asked.size(), 5u);
  EXPECT_EQ(api.asked[4].shard, ShardId("shard-4"));
  pass(milliseconds(250));
  EXPECT_EQ(api.asked.size(), 9u) << "those that say nothing have none";
  pass(milliseconds(250));
  EXPECT_EQ(api.asked.size(), 10u);
}

TEST_F(FanOutReading, ForgetsEverythingAndBeginsWhereItIsTold) {
  ASSERT_TRUE(read());
  push({"1"}, "1");
  reader->forget(kShard);
  EXPECT_EQ(api.live, nullptr);
  pass(seconds(10));
  EXPECT_EQ(api.asked.size(), 1u) << "nobody reads";
  ASSERT_TRUE(read(milliseconds(1), Position::after(aws::SequenceNumber("7"))));
  ASSERT_EQ(api.asked.size(), 2u);
  EXPECT_EQ(api.asked[1].start.sequence.str(), "7");
}

TEST_F(FanOutReading, AnswersAReadThatIsUnderWayWhenItForgets) {
  api.opens = false;
  begin_to_read();
  pass(milliseconds(1));
  reader->forget(kShard);
  pass(milliseconds(1));
  ASSERT_TRUE(answer);
  EXPECT_TRUE(*answer);
}

TEST_F(FanOutReading, LeavesAShardForGood) {
  ASSERT_TRUE(read());
  push({"1", "2"}, "2", 6000);
  reader->leave(kShard);
  EXPECT_EQ(api.live, nullptr);
  pass(minutes(1));
  EXPECT_EQ(api.asked.size(), 1u);
}

}  // namespace
}  // namespace ctk::source
