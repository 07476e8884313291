#include "relay/scan_source.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/lifeline.h"
#include "json/pieces.h"
#include "json/writer.h"
#include "shards/segment.h"

namespace ctk::relay {
namespace {

/// A read capacity unit of a consistent read.
constexpr double kUnitBytes = 4096;

dynamodb::KeySchema schema_of(const std::vector<aws::KeyAttribute>& keys) {
  dynamodb::KeySchema schema;
  for (const aws::KeyAttribute& key : keys) {
    const std::optional<dynamodb::Type> type = dynamodb::parse_type(std::string_view(&key.type, 1));
    schema.attributes.emplace_back(key.name, type.value_or(dynamodb::Type::S));
  }
  return schema;
}

/// The key of an item as ExclusiveStartKey has it, in the service's own text.
Result<std::string> key_of(const std::string& item, const std::vector<std::string>& names) {
  json::PieceParser parser;
  std::string text = item, key;
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

class ScanSource final : public Source {
 public:
  ScanSource(aws::DynamoDbApi& api, ScanSourceOptions options, Source* stream, EventLoop& loop, Clock& clock)
      : api_(api), options_(std::move(options)), stream_(stream), loop_(loop), clock_(clock) {}

  void open(Done<SourceIdentity> done) override {
    api_.describe_table(options_.table,
                        lifeline_.guard([this, done = std::move(done)](Result<aws::TableDescription> table) mutable {
                          if (!table) return done(forward_error(std::move(table)));
                          if (Status usable = take(*table); !usable) return done(forward_error(std::move(usable)));
                          open_stream(*table, std::move(done));
                        }));
  }

  void list(Done<std::vector<ListedShard>> done) override {
    if (stream_ != nullptr) return stream_->list(std::move(done));
    loop_.post([done = std::move(done)]() mutable { done(std::vector<ListedShard>{}); });
  }

  void read(const ReadRequest& request, Done<Page> done) override {
    if (shards::is_segment(request.shard)) return read_segment(request, std::move(done));
    stream_->read(request, std::move(done));
  }

  void forget(const ShardId& shard) override {
    if (stream_ != nullptr && !shards::is_segment(shard)) stream_->forget(shard);
  }
  void leave(const ShardId& shard) override {
    if (stream_ != nullptr && !shards::is_segment(shard)) stream_->leave(shard);
  }
  void children(const ShardId& shard, Done<std::vector<ListedShard>> done) override {
    if (stream_ != nullptr) return stream_->children(shard, std::move(done));
    Source::children(shard, std::move(done));
  }
  void exists(const ShardId& shard, Done<bool> done) override {
    if (stream_ != nullptr) return stream_->exists(shard, std::move(done));
    Source::exists(shard, std::move(done));
  }
  std::optional<Error> ended() const override { return stream_ == nullptr ? std::nullopt : stream_->ended(); }

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
    std::ranges::sort(items->keys);
    items_ = std::move(items);
    if (!options_.read_capacity) return {};
    Result<double> budget = load::resolve(*options_.read_capacity, table.read_capacity);
    if (!budget) return forward_error(std::move(budget));
    governor_ = load::ReadGovernor(*budget);
    return {};
  }

  void open_stream(const aws::TableDescription& table, Done<SourceIdentity> done) {
    ScannedTable scan{table.name.str(), schema_of(table.keys), table.items, table.bytes};
    if (stream_ == nullptr) return done(lone_identity(table, std::move(scan)));
    stream_->open(
        lifeline_.guard([this, scan = std::move(scan), done = std::move(done)](Result<SourceIdentity> identity) mutable {
          if (identity) {
            identity->scan = std::move(scan);
            identity->key_order = key_order_;
          }
          done(std::move(identity));
        }));
  }

  SourceIdentity lone_identity(const aws::TableDescription& table, ScannedTable scan) const {
    SourceIdentity identity;
    identity.service = "scan";
    identity.name = table.name.str();
    identity.incarnation = Incarnation(table.arn.str() + "/" + format_iso8601(table.created));
    identity.server_time = table.server_time == kNoTime ? clock_.now() : table.server_time;
    identity.source_table = table.name.str();
    identity.key_order = key_order_;
    identity.bounded = true;
    identity.has_stream = false;
    identity.scan = std::move(scan);
    return identity;
  }

  void read_segment(ReadRequest request, Done<Page> done) {
    const Duration wait = governor_.admit(clock_.monotonic());
    if (wait <= Duration{}) return scan(std::move(request), std::move(done));
    loop_.after(wait, lifeline_.guard([this, request = std::move(request), done = std::move(done)]() mutable {
      read_segment(std::move(request), std::move(done));
    }));
  }

  void scan(ReadRequest request, Done<Page> done) {
    const std::optional<shards::Segment> segment = shards::parse_segment(request.shard);
    if (!segment) {
      governor_.failed();
      return loop_.post([shard = request.shard.str(), done = std::move(done)]() mutable {
        done(fail(ErrorKind::internal, shard + " names no segment"));
      });
    }
    aws::ScanRequest scan;
    scan.table = options_.table;
    scan.segment = segment->number;
    scan.total_segments = segment->total;
    scan.start_key = request.position.key;
    scan.limit = items_at_once(request);
    scan.max_answer_bytes = request.max_bytes;
    api_.scan(scan, lifeline_.guard(
                        [this, request = std::move(request), done = std::move(done)](Result<aws::ScanPage> page) mutable {
                          take_page(std::move(request), std::move(page), std::move(done));
                        }));
  }

  /// No page may cost much more than a second's budget: the load would stand still behind it.
  int items_at_once(const ReadRequest& request) const {
    const std::optional<double> rate = governor_.rate();
    if (!rate) return request.max_records;
    const double most = std::max(1.0, *rate * kUnitBytes / average_item_);
    return static_cast<int>(std::min<double>(request.max_records, most));
  }

  void take_page(ReadRequest request, Result<aws::ScanPage> page, Done<Page> done) {
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
      request.position = Position::after_key(std::move(*page->next_key));
      return read_segment(std::move(request), std::move(done));
    }
    done(page_of(std::move(*page)));
  }

  static double cost_of(const aws::ScanPage& page) {
    if (page.consumed_capacity > 0) return page.consumed_capacity;
    return static_cast<double>(std::max(page.answer_bytes, page.whole_bytes)) / kUnitBytes;
  }

  Page page_of(aws::ScanPage&& answer) {
    Page page;
    page.items = items_;
    page.at_once = true;
    page.server_time = answer.server_time == kNoTime ? clock_.now() : answer.server_time;
    page.bytes = answer.answer_bytes;
    page.cut_off = answer.cut_off;
    page.ended = !answer.next_key.has_value();
    if (answer.next_key) page.resume = Position::after_key(std::move(*answer.next_key));
    if (!answer.items.empty()) {
      const auto size = static_cast<double>(answer.answer_bytes) / static_cast<double>(answer.items.size());
      average_item_ = std::max(1.0, (average_item_ * 3 + size) / 4);
    }
    page.records.reserve(answer.items.size());
    for (std::string& item : answer.items) page.records.push_back({std::move(item), {}, 0, page.server_time});
    return page;
  }

  aws::DynamoDbApi& api_;
  ScanSourceOptions options_;
  Source* stream_;
  EventLoop& loop_;
  Clock& clock_;
  std::shared_ptr<const dynamodb::ItemSource> items_;
  std::vector<std::string> key_order_;  ///< hash before range
  load::ReadGovernor governor_;
  double average_item_ = 1024;
  Lifeline lifeline_;
};

}  // namespace

std::unique_ptr<Source> make_scan_source(aws::DynamoDbApi& api, ScanSourceOptions options, Source* stream, EventLoop& loop,
                                         Clock& clock) {
  return std::make_unique<ScanSource>(api, std::move(options), stream, loop, clock);
}

}  // namespace ctk::relay
