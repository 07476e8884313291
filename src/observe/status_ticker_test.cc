#include "observe/status_ticker.h"

#include <gtest/gtest.h>

namespace ctk::observe {
namespace {

using std::chrono::seconds;

TEST(StatusTicker, ShowsWhatItSeesEverySecondAndAtItsEnd) {
  VirtualLoop loop(from_micros(1'795'000'000'000'000));
  size_t looked = 0, shown = 0;
  const auto pass = [&](Duration time) {
    loop.after(time, [] {});
    loop.run_until([] { return false; }, time);
  };
  {
    const StatusTicker ticker([&] { return std::vector<RelayStatus>(++looked); },
                              [&](const std::vector<RelayStatus>& relays) { shown = relays.size(); }, loop);
    EXPECT_EQ(shown, 1U) << "at once";
    pass(seconds(2));
    EXPECT_EQ(shown, 3U);
  }
  EXPECT_EQ(shown, 4U);
  pass(seconds(5));
  EXPECT_EQ(looked, 4U);
}

}  // namespace
}  // namespace ctk::observe
