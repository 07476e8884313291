// Whole relays, torn down at any moment: by a stop, by a failure, by their destruction, before the loop's eyes or behind
// its back. On real threads, for AddressSanitizer and ThreadSanitizer to watch.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <random>

#include "cli/wired_relay.h"
#include "teardown/moment_loop.h"
#include "teardown/places.h"

namespace ctk::teardown {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How a relay ends. `removed`: while the loop goes on, as in the demo; `abandoned`: once the loop no longer runs.
enum class End { stopped, failed, removed, abandoned };
constexpr End kEnds[] = {End::stopped, End::failed, End::removed, End::abandoned};

/// A moment is a number of the loop's tasks; most of a relay's life is within so many.
constexpr uint64_t kLatestMoment = 100;
constexpr Duration kLatest = milliseconds(150);
constexpr Duration kPatience = seconds(60);

uint64_t moments_each() {
  const char* asked = std::getenv("CTK_TEARDOWN_MOMENTS");
  return asked == nullptr ? 2 : std::strtoull(asked, nullptr, 10);
}

/// The servers of the whole program; gone before its statics are, which their threads use.
class Servers final : public testing::Environment {
 public:
  void SetUp() override { all_ = std::make_unique<Places>(); }
  void TearDown() override { all_.reset(); }
  static Places& get() { return *all_; }

 private:
  static inline std::unique_ptr<Places> all_;
};
const testing::Environment* const kServers = testing::AddGlobalTestEnvironment(new Servers);

Places& places() { return Servers::get(); }

/// The services make a source fail that cannot hold a bad change.
bool fails_by_its_service(From from) { return from >= From::made; }

/// With no end of its own, a service that fails is waited for.
bool goes_on(From from) { return from == From::made || from == From::streams || from == From::loaded; }

cli::LoadPlan plan(const std::string& source, const std::string& target, const char* grace) {
  auto line = cli::parse_command_line({"load", source, target, "--grace", grace, "--give-up", "1ms", "--quiet"});
  EXPECT_TRUE(line) << (line ? "" : to_string(line.error()));
  auto plan = cli::plan_load(std::get<cli::LoadCommand>(line->command), aws::Environment{}, cli::is_readable_file);
  EXPECT_TRUE(plan) << (plan ? "" : to_string(plan.error()));
  plan->relay.worker = coordination::WorkerName("test");
  return std::move(*plan);
}

/// One relay's life, from its making to its end at `moment`.
class Life {
 public:
  Life(From from, To to, End end) : from_(from), to_(to), end_(end) {}

  void live(const std::string& source, const std::string& target, uint64_t moment) {
    auto made = cli::WiredRelay::make(plan(source, target, is_stuck(to_) ? "100ms" : "20s"), world_, loop_, log_);
    ASSERT_TRUE(made) << to_string(made.error());
    relay_ = std::move(*made);
    loop_.post([this, moment] {
      loop_.at(moment, kLatest, [this] { at_moment(); });
      relay_->relay().run([this](Result<relay::RelayStats> result) {
        result_.emplace(std::move(result));
        // The program goes on with the end of everything; not from inside what is about to go.
        loop_.quit();
      });
    });
    loop_.post([this] { loop_.after(kPatience, [this] { loop_.quit(); }); });
    loop_.run();
    relay_.reset();
    const bool ends = end_ == End::stopped || end_ == End::failed;
    ASSERT_TRUE(result_ || !ends) << "it did not end";
    if (end_ == End::stopped && !is_stuck(to_)) {
      EXPECT_TRUE(*result_) << to_string(result_->error());
    }
  }

 private:
  void at_moment() {
    switch (end_) {
      case End::stopped: return relay_->relay().stop();
      case End::failed:
        if (fails_by_its_service(from_)) return places().fail_services(true);
        return;  // it fails by itself
      case End::abandoned: return loop_.quit();
      case End::removed:
        loop_.post([this] {
          relay_.reset();
          loop_.after(milliseconds(5), [this] { loop_.quit(); });
        });
    }
  }

  From from_;
  To to_;
  End end_;
  SystemClock clock_;
  Random random_{entropy_seed()};
  NullLog log_;
  observe::Terminal terminal_{stderr, false};
  observe::Redactor redactor_;
  cli::World world_{clock_, random_, log_, terminal_, redactor_, {}, [] { return aws::Environment{}; }};
  MomentLoop loop_{clock_};
  std::unique_ptr<cli::WiredRelay> relay_;
  std::optional<Result<relay::RelayStats>> result_;
};

using Way = std::tuple<From, To>;

class Teardown : public testing::TestWithParam<Way> {};

TEST_P(Teardown, AtAnyMoment) {
  const auto [from, to] = GetParam();
  if (places().target(to).empty()) GTEST_SKIP() << "PostgreSQL is not installed";
  std::mt19937_64 draw(static_cast<uint64_t>(from) * 10 + static_cast<uint64_t>(to));
  for (const End end : kEnds) {
    if (end == End::failed && is_stuck(to)) continue;  // none of its ways to fail is come to
    for (uint64_t i = 0; i < moments_each(); ++i) {
      const uint64_t moment = 1 + draw() % kLatestMoment;
      SCOPED_TRACE(fmt::format("end {} at moment {}", static_cast<int>(end), moment));
      const std::string target = places().target(to);
      const std::string source = places().source(from, end == End::failed && !fails_by_its_service(from));
      Life(from, to, end).live(source + (end == End::failed && goes_on(from) ? "&once=true" : ""), target, moment);
      places().fail_services(false);
      if (HasFailure()) return;
    }
  }
}

std::string name_of(const testing::TestParamInfo<Way>& info) {
  return to_string(std::get<From>(info.param)) + "_to_" + to_string(std::get<To>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Ways, Teardown,
                         testing::Combine(testing::Values(From::file, From::packed, From::pipe, From::kinesis, From::made,
                                                          From::streams, From::scan, From::loaded),
                                          testing::Values(To::sqlite, To::postgres, To::cratedb, To::ndjson,
                                                          To::stuck_sqlite, To::stuck_postgres, To::stuck_cratedb,
                                                          To::stuck_ndjson)),
                         name_of);

}  // namespace
}  // namespace ctk::teardown
