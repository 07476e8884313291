#include "source/scan_source.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/lifeline.h"
#include "json/pieces.h"
#include "json/writer.h"
#include "load/segments.h"

namespace ctk::source {
namespace {

/// A read capacity unit of a consistent read.
constexpr double kUnitBytes = 4096;
/// How far before now the cut lies: clocks differ, DynamoDB Streams rounds to seconds, Kinesis repeats late.
constexpr Duration kCutBefore = std::chrono::minutes(10);

/// The key of an item as ExclusiveStartKey has it, in the service's own text.
Result<std::string> key_of(std::string_view item, const std::vector<std::string>& names) {
  json::PieceParser parser;
  std::string text(item), key;
  size_t found = 0;
  const Result<json::PieceObject> object = parser.parse(text);
  const bool whole = object && json::for_each_member(*object, [&](std::string_view name, json::Piece value) {
                       if (std::ranges::find(names, name) == names.end()) return true;
                       const std::optional<json::ObjectText> typed = json::object_text(value);
                       if (!typed) return false;
                       key += key.empty() ? '{' : ',';
                       json::append_string(key, name);
                       key.append(":").append(typed->text);
                       ++found;
                       return true;
                     });
  if (whole && found == names.size()) return key + "}";
  return fail(ErrorKind::corrupt, "an item of a Scan lacks its key");
}

class ScanSource final : public SnapshotSource {
 public:
  ScanSource(aws::DynamoDbApi& api, ScanSourceOptions options, EventLoop& loop, Clock& clock)
      : api_(api), options_(std::move(options)), loop_(loop), clock_(clock) {}

  void open(Done<SnapshotIdentity> done) override {
    api_.describe_table(options_.table,
                        lifeline_.guard([this, done = std::move(done)](Result<aws::TableDescription> table) mutable {
                          if (!table) return done(forward_error(std::move(table)));
                          if (Status usable = take(*table); !usable) return done(forward_error(std::move(usable)));
                          done(identity(*table));
                        }));
  }

  int segments(std::optional<int> wanted) const override { return load::choose_segments(bytes_, wanted); }
  Timestamp cut(Timestamp server_now) const override { return server_now - kCutBefore; }

  void read(const SegmentRequest& request, Done<SegmentPage> done) override { read_on(request, std::move(done)); }

 private:
  Status take(const aws::TableDescription& table) {
    if (table.status == "CREATING") {
      return fail(ErrorKind::unreachable, "table '" + table.name.str() + "' is still being created");
    }
    auto items = std::make_shared<dynamodb::ItemSource>();
    items->table = table.name.str();
    const dynamodb::KeySchema schema = schema_of(table.keys);
    for (const auto& [name, type] : schema.attributes) items->keys.push_back(name);
    key_order_ = items->keys;
    bytes_ = table.bytes;
    std::ranges::sort(items->keys);
    items_ = std::move(items);
    if (!options_.read_capacity) return {};
    Result<double> budget = load::resolve(*options_.read_capacity, table.read_capacity);
    if (!budget) return forward_error(std::move(budget));
    governor_ = load::ReadGovernor(*budget);
    return {};
  }

  SnapshotIdentity identity(const aws::TableDescription& table) const {
    SnapshotIdentity identity;
    identity.service = "scan";
    identity.table = {table.name.str(), schema_of(table.keys), table.items, table.bytes};
    identity.key_order = key_order_;
    identity.incarnation = coordination::Incarnation(table.arn.str() + "/" + format_iso8601(table.created));
    identity.server_time = table.server_time == kNoTime ? clock_.now() : table.server_time;
    return identity;
  }

  void read_on(SegmentRequest request, Done<SegmentPage> done) {
    governor_.take_share(request.share);
    const Duration wait = governor_.admit(clock_.monotonic());
    if (wait <= Duration{}) return scan(std::move(request), std::move(done));
    loop_.after(wait, lifeline_.guard([this, request = std::move(request), done = std::move(done)]() mutable {
      read_on(std::move(request), std::move(done));
    }));
  }

  void scan(SegmentRequest request, Done<SegmentPage> done) {
    aws::ScanRequest scan;
    scan.table = options_.table;
    scan.segment = request.segment.number;
    scan.total_segments = request.segment.total;
    scan.start_key = request.resume;
    scan.limit = items_at_once(request);
    scan.max_answer_bytes = request.max_bytes;
    api_.scan(scan, lifeline_.guard(
                        [this, request = std::move(request), done = std::move(done)](Result<aws::ScanPage> page) mutable {
                          take_page(std::move(request), std::move(page), std::move(done));
                        }));
  }

  /// No page may cost much more than a second's budget: the load would stand still behind it.
  int items_at_once(const SegmentRequest& request) const {
    const std::optional<double> rate = governor_.rate();
    if (!rate) return request.max_items;
    const double most = std::max(1.0, *rate * kUnitBytes / average_item_);
    return static_cast<int>(std::min<double>(request.max_items, most));
  }

  void take_page(SegmentRequest request, Result<aws::ScanPage> page, Done<SegmentPage> done) {
    if (!page) {
      if (page.error().kind == ErrorKind::throttled) {
        governor_.throttled(clock_.monotonic());
      } else {
        governor_.failed();
      }
      return done(forward_error(std::move(page)));
    }
    governor_.answered(cost_of(*page), clock_.monotonic());
    if (page->cut_off) {
      // What was paid for is used as far as there is room for it: the next page begins behind its last item.
      Result<std::string> key = key_of(page->items.back(), items_->keys);
      if (!key) return done(forward_error(std::move(key)));
      page->next_key = std::move(*key);
    }
    if (page->items.empty() && page->next_key) {
      request.resume = std::move(*page->next_key);
      return read_on(std::move(request), std::move(done));
    }
    done(page_of(std::move(*page)));
  }

  static double cost_of(const aws::ScanPage& page) {
    if (page.consumed_capacity > 0) return page.consumed_capacity;
    return static_cast<double>(std::max(page.answer_bytes, page.whole_bytes)) / kUnitBytes;
  }

  SegmentPage page_of(aws::ScanPage&& answer) {
    SegmentPage page;
    page.items = items_;
    page.server_time = answer.server_time == kNoTime ? clock_.now() : answer.server_time;
    page.bytes = answer.answer_bytes;
    page.cut_off = answer.cut_off;
    if (answer.next_key) page.resume = std::move(*answer.next_key);
    if (!answer.items.empty()) {
      const auto size = static_cast<double>(answer.answer_bytes) / static_cast<double>(answer.items.size());
      average_item_ = std::max(1.0, (average_item_ * 3 + size) / 4);
    }
    page.records.reserve(answer.items.size());
    for (json::SharedText& item : answer.items) page.records.push_back({std::move(item), {}, 0, page.server_time});
    return page;
  }

  aws::DynamoDbApi& api_;
  ScanSourceOptions options_;
  EventLoop& loop_;
  Clock& clock_;
  std::shared_ptr<const dynamodb::ItemSource> items_;
  std::vector<std::string> key_order_;  ///< hash before range
  uint64_t bytes_ = 0;                  ///< of the table, as the service last counted them
  load::ReadGovernor governor_;
  double average_item_ = 1024;
  Lifeline lifeline_;
};

}  // namespace

dynamodb::KeySchema schema_of(const std::vector<aws::KeyAttribute>& keys) {
  dynamodb::KeySchema schema;
  for (const aws::KeyAttribute& key : keys) {
    const std::optional<dynamodb::Type> type = dynamodb::parse_type(std::string_view(&key.type, 1));
    schema.attributes.emplace_back(key.name, type.value_or(dynamodb::Type::S));
  }
  return schema;
}

std::unique_ptr<SnapshotSource> make_scan_source(aws::DynamoDbApi& api, ScanSourceOptions options, EventLoop& loop,
                                                 Clock& clock) {
  return std::make_unique<ScanSource>(api, std::move(options), loop, clock);
}

}  // namespace ctk::source
