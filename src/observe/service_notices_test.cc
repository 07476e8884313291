#include "observe/service_notices.h"

#include <gmock/gmock.h>

namespace ctk::observe {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using State = relay::RelayView::State;

RelayStatus in(State state) {
  RelayStatus status;
  status.view.state = state;
  return status;
}

TEST(ServiceNotices, ReadyIsSaidOnceEveryRelayHasStarted) {
  ServiceNotices notices(false);
  EXPECT_THAT(notices.next({}, seconds(0)), Not(HasSubstr("READY")));
  EXPECT_THAT(notices.next({in(State::loading), in(State::starting)}, seconds(1)), Not(HasSubstr("READY")));
  EXPECT_THAT(notices.next({in(State::loading), in(State::running)}, seconds(2)), StartsWith("READY=1\n"));
  EXPECT_THAT(notices.next({in(State::starting), in(State::running)}, seconds(3)), Not(HasSubstr("READY")));
}

TEST(ServiceNotices, OneThatHasFailedDoesNotKeepTheOthersFromBeingReady) {
  RelayStatus failed = in(State::starting);
  failed.failure = RelayFailure{{}, "no such table"};
  failed.health.reasons = {"the relay has failed: no such table"};
  ServiceNotices notices(true);
  const std::string lines = notices.next({failed, in(State::running)}, seconds(0));
  EXPECT_THAT(lines, HasSubstr("READY=1\n"));
  EXPECT_THAT(lines, HasSubstr("WATCHDOG=1\n"));
  EXPECT_THAT(lines, HasSubstr("STATUS=1 of 2 healthy; the relay has failed: no such table\n"));
}

TEST(ServiceNotices, ALongReasonIsCutAtACharacter) {
  RelayStatus status = in(State::running);
  status.health.reasons = {std::string(199, 'x') + "ü and more"};
  EXPECT_THAT(ServiceNotices(false).next({status}, seconds(0)), HasSubstr("healthy; " + std::string(199, 'x') + "...\n"));
}

TEST(ServiceNotices, TheEndIsSaidOnce) {
  ServiceNotices notices(false);
  notices.next({in(State::running)}, seconds(0));
  EXPECT_THAT(notices.next({in(State::stopping)}, seconds(1)), HasSubstr("STOPPING=1\n"));
  EXPECT_EQ(notices.next({in(State::stopping)}, seconds(2)), "");
}

TEST(ServiceNotices, OneThatEndsAtOnceWasReady) {
  ServiceNotices notices(false);
  notices.next({in(State::starting)}, seconds(0));
  EXPECT_THAT(notices.next({in(State::stopping)}, seconds(1)), StartsWith("READY=1\nSTOPPING=1\n"));
}

TEST(ServiceNotices, TheWatchdogIsFedUnlessSomethingIsStuck) {
  RelayStatus status = in(State::running);
  ServiceNotices notices(true);
  EXPECT_THAT(notices.next({status}, seconds(0)), HasSubstr("WATCHDOG=1\n"));
  status.health = {{"target unreachable for 400 s"}, false};
  EXPECT_THAT(notices.next({status}, seconds(1)), HasSubstr("WATCHDOG=1\n"));
  status.health = {{"shard a has neither moved nor been proven empty for 61 s"}, true};
  EXPECT_THAT(notices.next({in(State::running), status}, seconds(2)), Not(HasSubstr("WATCHDOG")));
  EXPECT_THAT(ServiceNotices(false).next({in(State::running)}, seconds(0)), Not(HasSubstr("WATCHDOG"))) << "nobody asked";
}

TEST(ServiceNotices, TheStatusIsOneLineNowAndThen) {
  RelayStatus status = in(State::running);
  ServiceNotices notices(false);
  EXPECT_THAT(notices.next({status}, seconds(0)), HasSubstr("STATUS=1 of 1 healthy; following, 0.0s behind\n"));
  status.view.stats.lag = seconds(70);
  EXPECT_EQ(notices.next({status}, seconds(9)), "");
  EXPECT_EQ(notices.next({status}, seconds(10)), "STATUS=1 of 1 healthy; following, 1m10s behind\n");
  status.view.name = coordination::RelayName("orders");
  status.health.reasons = {"target refused: one\ntwo" + std::string(300, 'x')};
  const std::string lines = notices.next({status}, seconds(20));
  EXPECT_THAT(lines, StartsWith("STATUS=0 of 1 healthy; orders: target refused: one twoxxx"));
  EXPECT_THAT(lines, testing::EndsWith("...\n"));
}

}  // namespace
}  // namespace ctk::observe
