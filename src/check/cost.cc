#include "check/cost.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "load/segments.h"
#include "shards/cadence.h"
#include "source/page_size.h"

namespace ctk::check {
namespace {

constexpr double kPageBytes = 1u << 20;  // of a Scan's page, as DynamoDB counts items
constexpr double kUnitBytes = 4096;      // of a read capacity unit of a consistent read
constexpr double kGigabyte = 1u << 30;
constexpr double kHoursOfMonth = 730;
/// What one relay writes to a SQL database on two cores (docs/benchmarks.md: 74,000 items a second of some 350 bytes).
constexpr double kBytesWeWrite = 25e6;
constexpr double kExportBegins = 900;   // seconds
constexpr double kExportBytes = 100e6;  // a second
constexpr double kExportFile = 256e6;   // bytes

struct Pages {
  uint64_t requests = 0;
  double units = 0;
};

/// One segment, page after page as the engine asks for them.
Pages read_segment(double items, double item_bytes, size_t memory) {
  Pages pages;
  source::PageSize size = source::PageSize::of_segment(static_cast<size_t>(item_bytes));
  // A page ends with the item that fills it.
  const double most = item_bytes > 0 ? std::max(1.0, std::ceil(kPageBytes / item_bytes)) : 1;
  do {
    size.room(memory, memory);
    const double taken = std::min({items, most, static_cast<double>(size.records())});
    ++pages.requests;
    pages.units += std::max(1.0, std::ceil(taken * item_bytes / kUnitBytes));
    // As JSON, items are about half as large again.
    size.took(static_cast<size_t>(taken), static_cast<size_t>(taken * item_bytes * 1.5), false);
    items -= taken;
  } while (items >= 0.5);
  return pages;
}

double slowest(std::initializer_list<double> seconds) { return std::max(seconds) / 3600; }

}  // namespace

Way scan_way(const TableSize& table, const LoadSettings& settings, const Prices& prices) {
  const int segments = load::choose_segments(table.bytes, settings.segments);
  const double items = static_cast<double>(table.items) / segments;
  const double item_bytes = table.items == 0 ? 0 : static_cast<double>(table.bytes) / static_cast<double>(table.items);
  const Pages pages = read_segment(items, item_bytes, settings.max_memory);
  Way way{.way = "scan"};
  way.requests = pages.requests * static_cast<uint64_t>(segments);
  way.capacity_units = pages.units * segments;
  double rate = settings.read_capacity.value_or(std::numeric_limits<double>::infinity());
  if (table.provisioned) rate = std::min(rate, *table.provisioned);
  way.hours = slowest({way.capacity_units / rate, static_cast<double>(table.bytes) / kBytesWeWrite});
  way.dollars = table.provisioned ? way.capacity_units / 3600 * prices.of("provisioned-read-unit-hour")
                                  : way.capacity_units / 1e6 * prices.of("read-units-million");
  return way;
}

Way export_way(const TableSize& table, const Prices& prices) {
  const auto bytes = static_cast<double>(table.bytes);
  const double files = std::max(1.0, std::ceil(bytes / kExportFile)) + 2;  // with the two manifests
  const double waiting = kExportBegins + bytes / kExportBytes;
  Way way{.way = "export"};
  way.hours = (waiting + bytes / kBytesWeWrite) / 3600;
  way.requests = static_cast<uint64_t>(1 + std::ceil(waiting / 30) + files);  // asked for, asked after, fetched
  way.dollars = bytes / kGigabyte * prices.of("export-gb") + files / 1000 * prices.of("s3-put-thousand") +
                files / 1000 * prices.of("s3-get-thousand");
  return way;
}

Duration quiet_pause(Duration idle_poll, std::optional<Duration> max_lag, size_t calls_a_second) {
  const shards::CadencePolicy policy = shards::make_cadence(idle_poll, max_lag, calls_a_second);
  shards::Cadence cadence(policy);
  cadence.answered({}, {});
  cadence.asked(std::chrono::hours(1));
  const Duration pause = cadence.answered({}, std::chrono::hours(1));
  return policy.calls_a_second == 0
             ? pause
             : std::max(pause, Duration(std::chrono::seconds(1)) / static_cast<int64_t>(policy.calls_a_second));
}

Following follow(StreamKind kind, size_t open_shards, Duration pause, const Prices& prices) {
  const auto shards = static_cast<double>(open_shards);
  const double seconds = std::max(to_seconds(pause), 0.001);
  Following following;
  following.requests_per_month = shards * kHoursOfMonth * 3600 / seconds;
  if (kind == StreamKind::table_stream) {
    following.dollars_per_month = following.requests_per_month / 1e5 * prices.of("streams-reads-hundred-thousand");
    return following;
  }
  const double consumer = kind == StreamKind::kinesis_fan_out ? prices.of("fan-out-shard-hour") : 0;
  following.dollars_per_month = shards * kHoursOfMonth * (prices.of("kinesis-shard-hour") + consumer);
  return following;
}

}  // namespace ctk::check
