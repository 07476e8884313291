#include "cli/relay_course.h"

namespace ctk::cli {
namespace {

constexpr Duration kLongestPause = std::chrono::seconds(30);
/// After so long a run, a failure is the first of its kind.
constexpr Duration kLongRun = std::chrono::minutes(5);

}  // namespace

RelayCourse::Next RelayCourse::after(const EndedRun& run, Wish wish, Duration now, Random& random) {
  using enum Next::What;
  if (wish == Wish::end) return {over};
  if (wish == Wish::replace) {
    retry_.succeeded();
    return {begin};
  }
  if (!run.failed || run.bounded) return {over};
  if (run.lasted >= kLongRun) retry_.succeeded();
  const Duration pause = retry_.failed(now, random).value_or(kLongestPause);
  // Another process has its positions: two that take them from each other in turns write nothing.
  return {wait, run.failed == ErrorKind::fenced ? kLongestPause : pause};
}

}  // namespace ctk::cli
