#include "cli/demo_arrivals.h"

#include <gtest/gtest.h>

namespace ctk::cli {
namespace {

using std::chrono::milliseconds;

TEST(Arrivals, MeasuresFromTheWriteToTheArrival) {
  Arrivals arrivals;
  arrivals.begin(milliseconds(0));
  arrivals.written(5, milliseconds(0));
  arrivals.written(10, milliseconds(100));
  arrivals.written(10, milliseconds(150));
  arrivals.written(20, milliseconds(200));
  arrivals.arrived(4, milliseconds(250));
  arrivals.arrived(20, milliseconds(500));
  const Arrivals::Window window = arrivals.window(milliseconds(2000));
  EXPECT_EQ(window.changes, 20u);
  EXPECT_EQ(window.per_second, 10);
  EXPECT_EQ(window.median, milliseconds(400)) << "of 500, 400, 300";
  EXPECT_EQ(window.longest, milliseconds(500));
}

TEST(Arrivals, AWindowBeginsWhereTheLastOneEnded) {
  Arrivals arrivals;
  arrivals.written(5, milliseconds(0));
  arrivals.arrived(5, milliseconds(900));
  arrivals.begin(milliseconds(1000));
  arrivals.written(8, milliseconds(1000));
  arrivals.arrived(8, milliseconds(1010));
  EXPECT_EQ(arrivals.window(milliseconds(2000)).changes, 3u);
  EXPECT_EQ(arrivals.window(milliseconds(3000)).changes, 0u);
  EXPECT_EQ(arrivals.window(milliseconds(3000)).per_second, 0) << "no time passed";
}

}  // namespace
}  // namespace ctk::cli
