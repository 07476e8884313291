#include "shards/cadence.h"

#include <gtest/gtest.h>

namespace ctk::shards {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Answered kNothing{}, kRecords{.records = true}, kBacklog{.records = true, .more = true},
    kFull{.records = true, .more = true, .full = true};

/// The pause after a call at `now` that is answered at once.
Duration pause(Cadence& cadence, const Answered& answer, Duration now) {
  cadence.asked(now);
  return cadence.answered(answer, now);
}

TEST(Cadence, AsksABusyShardFiveTimesASecond) {
  Cadence cadence(make_cadence(seconds(1), {}));
  EXPECT_EQ(pause(cadence, kRecords, seconds(1)), milliseconds(200));
  cadence.asked(seconds(2));
  EXPECT_EQ(cadence.answered(kRecords, milliseconds(2050)), milliseconds(150)) << "from call to call";
  cadence.asked(seconds(3));
  EXPECT_EQ(cadence.answered(kRecords, seconds(4)), seconds(0)) << "the call took longer than the pause";
}

TEST(Cadence, SlowsDownOverAQuietMinute) {
  Cadence cadence(make_cadence(seconds(1), {}));
  pause(cadence, kRecords, seconds(0));
  EXPECT_EQ(pause(cadence, kNothing, seconds(0)), milliseconds(200));
  EXPECT_EQ(pause(cadence, kNothing, seconds(30)), milliseconds(600));
  EXPECT_EQ(pause(cadence, kNothing, seconds(60)), seconds(1));
  EXPECT_EQ(pause(cadence, kNothing, seconds(3600)), seconds(1));
  EXPECT_EQ(pause(cadence, kRecords, seconds(3601)), milliseconds(200));
}

TEST(Cadence, AFullPageIsFollowedAtOnceAsFarAsTheServiceAllows) {
  Cadence free(make_cadence(seconds(1), {}));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(pause(free, kFull, milliseconds(10 * i)), seconds(0));
  Cadence limited(make_cadence(seconds(1), {}, 5));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pause(limited, kFull, milliseconds(10 * i)), seconds(0));
  EXPECT_EQ(pause(limited, kFull, milliseconds(40)), milliseconds(960)) << "a second after the first of five";
  EXPECT_EQ(pause(limited, kFull, seconds(1)), milliseconds(10));
  EXPECT_EQ(pause(limited, kRecords, milliseconds(1010)), milliseconds(200));
}

TEST(Cadence, CallsThatAreTooManyBecomeFewerUntilThatIsOver) {
  Cadence cadence(make_cadence(seconds(1), {}, 5));
  for (int i = 0; i < 3; ++i) cadence.throttled();
  const Duration stretched = pause(cadence, kRecords, seconds(1));
  EXPECT_GT(stretched, milliseconds(220));
  EXPECT_LT(stretched, milliseconds(240));
  Duration now = seconds(2);
  for (int i = 0; i < 500; ++i) now += pause(cadence, kRecords, now);
  EXPECT_EQ(pause(cadence, kRecords, now), milliseconds(200));
  for (int i = 0; i < 100; ++i) cadence.throttled();
  EXPECT_LE(pause(cadence, kRecords, now + seconds(1)), milliseconds(400));
}

TEST(Cadence, AChangeMayWaitForMaxLag) {
  Cadence cadence(make_cadence(seconds(10), seconds(2)));
  EXPECT_EQ(pause(cadence, kRecords, seconds(0)), seconds(2)) << "nothing has to be read sooner";
  EXPECT_EQ(pause(cadence, kNothing, seconds(600)), seconds(2)) << "and nothing later";
  cadence.took(milliseconds(300));
  EXPECT_EQ(pause(cadence, kRecords, seconds(700)), milliseconds(1700)) << "the call takes its part";
  EXPECT_EQ(pause(cadence, {.more = true}, seconds(800)), milliseconds(200)) << "what it has from before is not waited for";
  EXPECT_EQ(pause(cadence, kFull, seconds(900)), seconds(0));
  Cadence rare(make_cadence(seconds(1), seconds(30)));
  EXPECT_EQ(pause(rare, kRecords, seconds(0)), seconds(1)) << "a busy shard no less often than a quiet one";
}

TEST(Cadence, AShortMaxLagIsKeptAsFarAsTheServiceAllows) {
  Cadence free(make_cadence(seconds(5), milliseconds(120)));
  EXPECT_EQ(pause(free, kRecords, seconds(1)), milliseconds(120));
  Cadence limited(make_cadence(seconds(1), milliseconds(120), 5));
  Duration now{};
  int calls = 0;
  for (; now < seconds(10); ++calls) now += pause(limited, kRecords, now);
  EXPECT_EQ(calls, 50);
  Cadence none(make_cadence(seconds(1), seconds(0)));
  EXPECT_GT(pause(none, kRecords, seconds(1)), seconds(0));
}

TEST(Cadence, NoPauseAtAllWhereNoneIsWanted) {
  Cadence cadence(make_cadence(seconds(0), {}, 5));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pause(cadence, kFull, seconds(0)), seconds(0));
  EXPECT_EQ(pause(cadence, kNothing, seconds(600)), seconds(0));
  Cadence hurried(make_cadence(milliseconds(50), {}, 5));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pause(hurried, kRecords, milliseconds(50 * i)), milliseconds(50));
}

struct Waited {
  Duration mean{};
  double calls_a_second = 0;
};

/// Records every `apart` for ten minutes, the last five of which count: how long they wait to be read, and the calls.
Waited follow(Cadence cadence, Duration apart) {
  Waited waited;
  Duration record = milliseconds(130), sum{};
  int records = 0, calls = 0;
  for (Duration now{}; now < std::chrono::minutes(10);) {
    const bool counts = now >= std::chrono::minutes(5);
    bool found = false;
    for (; record <= now; record += apart) {
      found = true;
      if (!counts) continue;
      sum += now - record;
      ++records;
    }
    calls += counts ? 1 : 0;
    now += pause(cadence, {.records = found}, now);
  }
  waited.mean = sum / std::max(records, 1);
  waited.calls_a_second = calls / 300.0;
  return waited;
}

TEST(Cadence, ACallFallsJustBehindARecordThatIsDueAndCallsAreNoMore) {
  for (const Duration apart : {milliseconds(700), milliseconds(1000), milliseconds(2500), milliseconds(10'000)}) {
    for (const size_t limit : {0, 5}) {
      const Waited waited = follow(Cadence(make_cadence(seconds(5), {}, limit)), apart);
      EXPECT_LE(waited.mean, milliseconds(40)) << apart.count();
      EXPECT_LE(waited.calls_a_second, 5) << apart.count();
    }
  }
}

TEST(Cadence, ARecordThatIsDueDoesNotDelayOthersBeyondMaxLag) {
  Cadence cadence(make_cadence(seconds(5), milliseconds(500)));
  Duration now{}, beat = seconds(1);
  for (; now < std::chrono::minutes(5);) {
    const bool found = beat <= now;
    if (found) beat += milliseconds(1900);
    const Duration next = pause(cadence, {.records = found}, now);
    EXPECT_LE(next, milliseconds(500));
    now += next;
  }
}

TEST(Cadence, ARecordThatIsDueDelaysNoCallBeyondIdlePoll) {
  Cadence cadence(make_cadence(seconds(1), {}));
  Duration now{}, beat = seconds(100), longest{};
  for (; now < std::chrono::minutes(60);) {
    const bool found = beat <= now;
    if (found) beat += milliseconds(81'900);  // quiet for so long that only idle_poll bounds the pauses
    const Duration next = pause(cadence, {.records = found}, now);
    longest = std::max(longest, next);
    now += next;
  }
  EXPECT_LE(longest, seconds(1));
}

TEST(Cadence, FailedCallsCountAmongThoseThatAreAllowed) {
  Cadence cadence(make_cadence(seconds(1), {}, 5));
  Random random(1);
  Duration now = seconds(1);
  for (int i = 0; i < 5; ++i) cadence.asked(now += milliseconds(10));
  EXPECT_EQ(cadence.failed(now, random), milliseconds(960)) << "a second after the first of five";
}

TEST(Cadence, BacksOffWithJitterAndForgetsItAfterAnAnswer) {
  Cadence cadence(make_cadence(seconds(1), {}));
  Random random(1);
  Duration now{}, last{};
  int calls = 0;
  for (; now < std::chrono::minutes(10); now += last) {
    ++calls;
    last = cadence.failed(now, random);
    EXPECT_LE(last, seconds(30));
  }
  EXPECT_GE(last, seconds(15));
  EXPECT_LT(calls, 70);
  pause(cadence, kRecords, now);
  EXPECT_LE(cadence.failed(now + seconds(1), random), milliseconds(250));
}

/// Of calls of 20 ms of which a share fails at random, the part of the time that goes by in those that do not.
double useful_part(Cadence cadence, double share, uint64_t seed) {
  constexpr Duration kCall = milliseconds(20);
  Random random(seed);
  Duration now{};
  int answers = 0;
  while (now < std::chrono::minutes(30)) {
    cadence.asked(now);
    now += kCall;
    if (random.fraction() < share) {
      now += cadence.failed(now, random);
      continue;
    }
    ++answers;
    cadence.took(kCall);
    now += cadence.answered(kBacklog, now);
  }
  return answers * 20.0 / 1000 / to_seconds(now);
}

TEST(Cadence, WhereAShareOfCallsFailsTheRateFallsInProportion) {
  for (const uint64_t seed : {1, 2, 3}) {
    for (const double share : {0.1, 0.33, 0.5, 0.75, 0.9}) {
      const Cadence scan(make_scan_cadence());
      EXPECT_GT(useful_part(scan, share, seed), 0.35 * (1 - share)) << share;
      const Cadence shard(make_cadence(seconds(1), {}));
      EXPECT_GT(useful_part(shard, share, seed) / useful_part(shard, 0, seed), 0.4 * (1 - share)) << share;
    }
  }
}

}  // namespace
}  // namespace ctk::shards
