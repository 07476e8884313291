#include "shards/rhythm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace ctk::shards {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Reads every 200 ms from `from` on, of beats at `beats`.
void read_all(Rhythm& rhythm, const std::vector<Duration>& beats) {
  size_t at = 0;
  for (Duration now = milliseconds(50); at < beats.size(); now += milliseconds(200)) {
    const size_t before = at;
    while (at < beats.size() && beats[at] <= now) ++at;
    rhythm.read(at > before, now);
  }
}

TEST(Rhythm, FindsAnEvenInterval) {
  Rhythm rhythm;
  EXPECT_FALSE(rhythm.next());
  read_all(rhythm, {seconds(1), seconds(2), seconds(3)});
  EXPECT_FALSE(rhythm.next()) << "two intervals may be chance";
  Rhythm longer;
  read_all(longer, {seconds(1), seconds(2), seconds(3), seconds(4), seconds(5), seconds(6), seconds(7), seconds(8)});
  ASSERT_TRUE(longer.next());
  EXPECT_GE(*longer.next(), milliseconds(8850));
  EXPECT_LE(*longer.next(), milliseconds(9150));
}

TEST(Rhythm, FindsNoneInUnevenOnes) {
  Rhythm rhythm;
  read_all(rhythm, {seconds(1), milliseconds(1900), milliseconds(5100), milliseconds(5700), seconds(8), milliseconds(8900),
                    seconds(14), seconds(15)});
  EXPECT_FALSE(rhythm.next());
}

TEST(Rhythm, FindsNoneWhereEveryReadHasRecords) {
  Rhythm rhythm;
  for (int i = 0; i < 100; ++i) rhythm.read(true, milliseconds(200 * i));
  EXPECT_FALSE(rhythm.next());
}

TEST(Rhythm, SaysNothingOfABeatThatIsOverdue) {
  Rhythm rhythm;
  read_all(rhythm, {seconds(1), seconds(2), seconds(3), seconds(4), seconds(5), seconds(6)});
  ASSERT_TRUE(rhythm.next());
  rhythm.read(false, seconds(8));
  EXPECT_FALSE(rhythm.next());
}

/// Beats every `apart`, give or take `uneven`; reads where the rhythm says, and every 200 ms besides. How late the last
/// ten beats were read, on average.
Duration late_by(Duration apart, Duration uneven) {
  Rhythm rhythm;
  Random random(1);
  Duration late{}, now = milliseconds(70);
  for (int i = 1; i <= 40; ++i) {
    const Duration beat =
        i * apart + Duration(static_cast<int64_t>((2 * random.fraction() - 1) * static_cast<double>(uneven.count())));
    for (bool found = false; !found;) {
      const std::optional<Duration> next = rhythm.next();
      const Duration usual = now + milliseconds(200);
      now = next && *next > now && *next < usual ? *next : usual;
      found = beat <= now;
      rhythm.read(found, now);
      if (found && i > 30) late += now - beat;
    }
  }
  return late / 10;
}

TEST(Rhythm, ReadsFallJustBehindBeatsAfterSome) {
  EXPECT_LE(late_by(seconds(1), {}), milliseconds(40));
  EXPECT_LE(late_by(milliseconds(3700), milliseconds(5)), milliseconds(40));
  EXPECT_LE(late_by(seconds(60), milliseconds(5)), milliseconds(40));
}

}  // namespace
}  // namespace ctk::shards
