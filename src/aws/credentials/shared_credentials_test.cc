#include "aws/credentials/shared_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "base/testing/answer.h"

namespace ctk::aws {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Answers when it is told to.
class HeldProvider final : public CredentialProvider {
 public:
  void fetch(Done<Credentials> done) override { asked.push_back(std::move(done)); }
  void answer(Result<Credentials> value) {
    Done<Credentials> done = std::move(asked.front());
    asked.pop_front();
    ++answered;
    done(std::move(value));
  }
  std::deque<Done<Credentials>> asked;
  int answered = 0;
};

/// Keeps the warnings.
class KeptLog final : public Log {
 public:
  bool enabled(LogLevel level) const override { return level == LogLevel::warn; }
  void write(LogLevel, std::string_view message, std::span<const LogField>) override { warnings.emplace_back(message); }
  std::vector<std::string> warnings;
};

class SharedCredentialsTest : public testing::Test {
 protected:
  SharedCredentialsTest() {
    auto provider = std::make_unique<HeldProvider>();
    provider_ = provider.get();
    source_ = share_credentials(std::move(provider), loop_, loop_, random_, log_);
  }
  Credentials keys(const char* id, Duration life = hours(1)) {
    return {AccessKeyId(id), Secret("s"), Secret("t"), "test", loop_.now() + life};
  }
  /// Asks; `seen_` gets what comes, the key's id or the error.
  void ask() {
    source_->get([this](Result<Credentials> found) {
      seen_.push_back(found ? found->access_key.str() : to_string(found.error().kind) + ": " + found.error().message);
    });
  }
  void settle(Duration time = seconds(0)) {
    loop_.after(time, [] {});
    loop_.run_until_idle(hours(100));
  }
  /// What one question gets while the provider is silent.
  std::vector<std::string> seen_now() {
    seen_.clear();
    ask();
    settle();
    return seen_;
  }

  VirtualLoop loop_{parse_timestamp("2026-11-29T16:00:00Z").value()};
  Random random_{1};
  KeptLog log_;
  HeldProvider* provider_ = nullptr;
  std::unique_ptr<CredentialSource> source_;
  std::vector<std::string> seen_;
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(SharedCredentialsTest, AsksOnceForAllWhoWait) {
  for (int i = 0; i < 3; ++i) ask();
  EXPECT_EQ(provider_->asked.size(), 1);
  provider_->answer(keys("A"));
  EXPECT_THAT(seen_, IsEmpty()) << "never from inside";
  settle();
  EXPECT_THAT(seen_, ElementsAre("A", "A", "A"));
  EXPECT_THAT(seen_now(), ElementsAre("A"));
  EXPECT_EQ(provider_->asked.size(), 0);
}

TEST_F(SharedCredentialsTest, RefreshesBeforeTheEndWhileTheOldOnesServe) {
  ask();
  provider_->answer(keys("A"));
  settle(minutes(50));
  EXPECT_THAT(seen_now(), ElementsAre("A"));
  EXPECT_THAT(seen_now(), ElementsAre("A"));
  ASSERT_EQ(provider_->asked.size(), 1) << "one refresh for all";
  provider_->answer(keys("B"));
  EXPECT_THAT(seen_now(), ElementsAre("B"));
}

TEST_F(SharedCredentialsTest, KeepsWhatIsGoodWhenARefreshFailsAndTriesAgainLater) {
  ask();
  provider_->answer(keys("A"));
  settle(minutes(50));
  EXPECT_THAT(seen_now(), ElementsAre("A"));
  provider_->answer(fail(ErrorKind::unreachable, "down"));
  EXPECT_THAT(seen_now(), ElementsAre("A"));
  EXPECT_EQ(provider_->asked.size(), 0) << "it rests";
  EXPECT_THAT(log_.warnings, ElementsAre("renewing the AWS credentials failed, those in hand still serve"));
  settle(seconds(2));
  EXPECT_THAT(seen_now(), ElementsAre("A"));
  ASSERT_EQ(provider_->asked.size(), 1);
  provider_->answer(fail(ErrorKind::unreachable, "down"));
  settle(minutes(20));
  EXPECT_THAT(seen_now(), IsEmpty()) << "their end is past";
  provider_->answer(fail(ErrorKind::unreachable, "still down"));
  settle();
  EXPECT_THAT(seen_, ElementsAre("unreachable: still down"));
  EXPECT_THAT(seen_now(), ElementsAre("unreachable: still down")) << "nobody is asked while it rests";
  settle(minutes(2));
  EXPECT_THAT(seen_now(), IsEmpty());
  provider_->answer(keys("B"));
  settle();
  EXPECT_THAT(seen_, ElementsAre("B"));
}

TEST_F(SharedCredentialsTest, AsksAgainOnceForWhatAServiceRefuses) {
  ask();
  const Credentials first = keys("A");
  provider_->answer(first);
  settle();
  source_->refused(first);
  EXPECT_THAT(seen_now(), IsEmpty());
  provider_->answer(keys("B"));
  settle();
  EXPECT_THAT(seen_, ElementsAre("B"));
  source_->refused(first);
  EXPECT_THAT(seen_now(), ElementsAre("B")) << "a late refusal of the old ones";
}

TEST_F(SharedCredentialsTest, RestsWhereOnlyTheRefusedOnesAreToBeHad) {
  ask();
  const Credentials only{AccessKeyId("A"), Secret("s")};
  provider_->answer(only);
  settle();
  source_->refused(only);
  ask();
  provider_->answer(only);
  settle();
  source_->refused(only);
  EXPECT_THAT(seen_now(), ElementsAre("A"));
  EXPECT_EQ(provider_->asked.size(), 0);
}

TEST_F(SharedCredentialsTest, MistakesEndNoRunThatHasBegun) {
  ask();
  provider_->answer(fail(ErrorKind::usage, "wrong"));
  settle();
  EXPECT_THAT(seen_, ElementsAre("usage: wrong"));
  settle(minutes(2));
  ask();
  provider_->answer(keys("A"));
  settle(hours(2));
  seen_.clear();
  ask();
  provider_->answer(fail(ErrorKind::usage, "wrong"));
  settle();
  EXPECT_THAT(seen_, ElementsAre("denied: wrong"));
}

TEST_F(SharedCredentialsTest, AnswersNobodyOnceItIsGone) {
  ask();
  auto late = std::move(provider_->asked.front());
  source_.reset();
  late(keys("A"));
  settle();
  EXPECT_THAT(seen_, IsEmpty());
}

}  // namespace
}  // namespace ctk::aws
