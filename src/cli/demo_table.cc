#include "cli/demo_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace ctk::cli {
namespace {

/// Its stream keeps a day: what was written then, only a load can bring.
constexpr Duration kAge = std::chrono::hours(3 * 24);
/// Of a writer that was held up: the rest is written later.
constexpr uint64_t kMostAtOnce = 100;

}  // namespace

DemoTable::DemoTable(Clock& clock, Random& random)
    : clock_(clock),
      services_(random.next(), kDemoRegion),
      server_(services_, clock),
      table_(services_.dynamodb, "sensors", kDemoItems, random) {
  const std::lock_guard lock(server_.mutex());
  const Timestamp then = clock.now() - kAge;
  table_.create(then);
  table_.fill(then);
  filled_ = services_.dynamodb.changes();
}

std::string DemoTable::source_url() const {
  return fmt::format("dynamodb+cdc://DEMO_KEY:DEMO_SECRET@127.0.0.1:{}/{}?region={}&snapshot=initial", server_.port(),
                     table_.name(), kDemoRegion);
}

void DemoTable::live() {
  const std::lock_guard lock(server_.mutex());
  if (begun_ == Duration{}) begun_ = clock_.monotonic();
  const double passed = to_seconds(clock_.monotonic() - begun_);
  const auto due = static_cast<uint64_t>(passed * kDemoWritesPerSecond);
  for (const uint64_t last = std::min(due, writes_ + kMostAtOnce); writes_ < last; ++writes_) table_.step(clock_.now());
}

void DemoTable::roll() {
  const std::lock_guard lock(server_.mutex());
  (void)services_.streams.roll(services_.dynamodb.stream_of(table_.name()), true, clock_.now());
}

uint64_t DemoTable::changes() {
  const std::lock_guard lock(server_.mutex());
  return services_.dynamodb.changes() - filled_;
}

}  // namespace ctk::cli
