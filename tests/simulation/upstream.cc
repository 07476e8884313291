#include "simulation/upstream.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "dynamodb/order.h"
#include "json/reader.h"
#include "shards/aggregate.h"

namespace ctk::simulation {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(500);
constexpr Duration kSlowTick = std::chrono::minutes(1);
constexpr const char* kTtl = "ttl";

void must(bool done, const char* what) {
  if (!done) throw std::logic_error(what);
}

std::string text_between(const std::string& text, std::string_view before, char end) {
  const size_t begin = text.find(before);
  if (begin == std::string::npos) return {};
  return text.substr(begin + before.size(), text.find(end, begin + before.size()) - begin - before.size());
}

/// What a record's text says that its change did: both kinds of stream have the members of it under the same names.
void note_content(const std::string& data, StreamRecord& record) {
  const std::string name = text_between(data, R"("eventName":")", '"');
  record.operation = name == "INSERT" ? "insert" : name == "MODIFY" ? "modify" : "remove";
  record.expired = data.contains("dynamodb.amazonaws.com");
  const size_t begin = data.find(R"("NewImage":)");
  if (begin == std::string::npos) return;
  const std::string image = data.substr(begin, data.find(R"("OldImage":)", begin) - begin);
  record.refused = image.contains("POISON");
  record.value = std::stoi(text_between(image, R"("v":{"N":")", '"'));
}

StreamRecord kinesis_record(const sim::StoredRecord& record, const std::string& data) {
  const std::string micros = text_between(data, "\"ApproximateCreationDateTime\":", ',');
  const std::string order = dynamodb::order_text(dynamodb::VersionKind::kinesis, from_micros(std::stoll(micros)), "0", 0);
  // A record that comes a second time has another number, and the same time.
  StreamRecord out{record.sequence,
                   fmt::format(R"({{"pk":{{"S":"{}"}}}})", text_between(data, R"("Keys":{"pk":{"S":")", '"')),
                   order.substr(0, order.rfind('.')), from_micros(std::stoll(micros)), record.arrival};
  note_content(data, out);
  return out;
}

void append_kinesis(const sim::StoredRecord& record, std::vector<StreamRecord>& out) {
  const auto packed = shards::take_apart(record.data);
  if (!packed) return out.push_back(kinesis_record(record, record.data));
  for (uint32_t index = 0; index < packed->size(); ++index) {
    out.push_back(kinesis_record(record, std::string((*packed)[index].data)));
    out.back().index = index;
  }
}

StreamRecord streams_record(const sim::TableShard::Record& record) {
  const std::string sequence = aws::to_string(record.sequence);
  StreamRecord out{
      sequence, fmt::format(R"({{"pk":{{"S":"{}"}}}})", text_between(record.data, R"("Keys":{"pk":{"S":")", '"')),
      dynamodb::order_text(dynamodb::VersionKind::streams, record.time, sequence, 0), record.time, record.time};
  note_content(record.data, out);
  return out;
}

void append_streams(const sim::TableShard::Record& record, std::vector<StreamRecord>& out) {
  out.push_back(streams_record(record));
}

sim::DynamoDbStreamsOptions streams_options(const WorldKnobs& knobs, Random& random) {
  sim::DynamoDbStreamsOptions options;
  options.roll_every = knobs.roll_every;
  options.describe_page = knobs.listing_page;
  options.child_filter = knobs.child_filter;
  options.limits = random.below(2) == 0;
  options.end_with_records = random.below(2) == 0;
  // Some worlds see their numbers grow a digit.
  if (random.below(4) == 0) options.first_sequence = options.first_sequence * 10 - 50'000;
  return options;
}

}  // namespace

Upstream::Upstream(const WorldKnobs& knobs, Random& random, VirtualLoop& loop, Log& log, sim::FaultObserver on_fault)
    : knobs_(knobs),
      random_(random),
      loop_(loop),
      log_(log),
      on_fault_(std::move(on_fault)),
      kinesis_({}),
      streams_(streams_options(knobs, random)),
      dynamodb_({}, streams_, random, &kinesis_),
      packer_(kinesis_, random, loop, loop, [this] { note_records(); }) {
  if (knobs.aggregates) {
    dynamodb_.deliver_through([this](const std::string& stream, const sim::TableEvent& event, Timestamp) {
      packer_.take(stream, event);
      return true;
    });
  }
  dynamodb_.options().delivery = knobs.delivery;
  kinesis_.options().give_children = random.below(2) == 0;
  kinesis_.options().end_with_records = random.below(2) == 0;
  kinesis_.options().split_above = knobs.split_above;
  kinesis_.options().merge_below = knobs.merge_below;
  kinesis_.options().list_page = knobs.listing_page == 100 ? 1000 : knobs.listing_page;
  dynamodb_.options().scan_page = knobs.scan_page;
  const sim::TableInput table{.name = kTable, .keys = {{"pk", 'S'}}, .partitions = knobs.shards};
  must(dynamodb_.create_table(table, loop.now()).has_value(), "an empty service has no such table");
  for (int i = 0; i < knobs.preloaded; ++i) put("item-" + std::to_string(i), loop.now());
  changes_ = dynamodb_.changes();
  begin_stream(loop.now());
  if (knobs.expiring > 0) {
    must(dynamodb_.update_time_to_live(kTable, sim::TimeToLive{kTtl}, loop.now()).has_value(), "it is off");
  }
  if (knobs.expiring > 0 || knobs.delivery.delayed > 0 || knobs.delivery.repeated > 0) tick();
}

void Upstream::begin_stream(Timestamp now) {
  stream_begun_ = now;
  if (knobs_.source == SourceKind::streams) {
    must(dynamodb_.update_stream(kTable, aws::StreamView::new_and_old_images, now).has_value(), "it has no stream");
    return;
  }
  must(kinesis_.create_stream(kStream, knobs_.shards, now).has_value(), "an empty service has no such stream");
  must(dynamodb_.enable_kinesis(kTable, kinesis_.arn_of(kStream), now).has_value(), "a new table has no destination");
}

void Upstream::tick() {
  dynamodb_.advance(loop_.now());
  note_records();
  const bool late = knobs_.delivery.delayed > 0 || knobs_.delivery.repeated > 0;
  loop_.after(late ? kTick : kSlowTick, [this] { tick(); });
}

void Upstream::deliver_all() {
  dynamodb_.advance(loop_.now());
  packer_.send_all();
  static_cast<void>(dynamodb_.update_time_to_live(kTable, std::nullopt, loop_.now()));
}

/// The service itself deletes what has outlived its time.
void Upstream::note_expired(Timestamp now) {
  if (changes_ == dynamodb_.changes()) return;
  changes_ = dynamodb_.changes();
  for (auto& [name, moments] : history_) {
    if (!moments.back().value && !moments.back().refused) continue;
    if (dynamodb_.items_of(kTable)->find({{"pk", fmt::format(R"({{"S":"{}"}})", name)}}) != nullptr) continue;
    moments.push_back({now, std::nullopt});
    log_.debug("expired", {{"item", name}});
    ++coverage_.expired;
  }
}

const History& Upstream::history() {
  note_expired(loop_.now());
  return history_;
}

void Upstream::change() {
  const std::string name = "item-" + std::to_string(random_.below(static_cast<uint64_t>(knobs_.items)));
  const std::string pk = fmt::format(R"({{"S":"{}"}})", name);
  dynamodb_.advance(loop_.now());
  note_expired(loop_.now());
  // No two changes in one tick of the clock: on Kinesis their order would be undecidable.
  last_time_ = std::max(last_time_, to_micros(loop_.now())) + 1;
  const Timestamp now = from_micros(last_time_);
  const bool there = dynamodb_.items_of(kTable)->find({{"pk", pk}}) != nullptr;
  if (there && random_.below(4) == 0) {
    must(dynamodb_.delete_item(kTable, {{"pk", pk}}, now).has_value(), "the item can be deleted");
    log_.debug("removed", {{"item", name}});
    history_[name].push_back({now, std::nullopt});
  } else {
    put(name, now);
  }
  changes_ = dynamodb_.changes();
  note_records();
  ++coverage_.changes;
}

void Upstream::put(const std::string& name, Timestamp now) {
  const bool poisoned = random_.fraction() < knobs_.poisoned;
  sim::Attributes item{{"pk", fmt::format(R"({{"S":"{}"}})", name)}, {"v", fmt::format(R"({{"N":"{}"}})", ++written_)}};
  if (poisoned) item["p"] = R"({"S":"POISON"})";
  if (knobs_.expiring > 0 && random_.fraction() < knobs_.expiring) {
    const int64_t until = to_micros(now) / 1'000'000 + 5 + static_cast<int64_t>(random_.below(600));
    item[kTtl] = fmt::format(R"({{"N":"{}"}})", until);
  }
  must(dynamodb_.put_item(kTable, std::move(item), now).has_value(), "the item can be put");
  log_.debug(poisoned ? "poisoned" : "put", {{"item", name}, {"value", written_}});
  history_[name].push_back({now, poisoned ? std::nullopt : std::optional(written_), poisoned});
}

void Upstream::reshard() {
  if (knobs_.source == SourceKind::kinesis) {
    reshard_kinesis();
  } else {
    reshard_streams();
  }
}

void Upstream::reshard_streams() {
  const std::string arn = dynamodb_.stream_of(kTable);
  const bool may_split = table_stream().open_shards().size() < 6;
  if (may_split && random_.below(2) == 0) {
    log_.debug("a shard splits");
    coverage_.splits += streams_.split(arn, false, loop_.now()).value_or(0);
  } else {
    log_.debug("shards roll");
    static_cast<void>(streams_.roll(arn, random_.below(2) == 0, loop_.now()).value_or(0));
  }
}

void Upstream::reshard_kinesis() {
  std::vector<aws::ShardId> open;
  for (const sim::Shard& shard : kinesis_.stream(kStream)->shards()) {
    if (!shard.closed) open.push_back(shard.id);
  }
  if (open.size() < 6 && random_.below(2) == 0) {
    if (!kinesis_.split_any(kStream, loop_.now())) return;
    log_.debug("a shard splits");
    ++coverage_.splits;
    return;
  }
  // Neighbours only may be merged: try all pairs until one works.
  for (const aws::ShardId& left : open) {
    for (const aws::ShardId& right : open) {
      if (left != right && kinesis_.merge_shards(kStream, left.str(), right.str(), loop_.now())) {
        log_.debug("two shards merge", {{"left", left.str()}, {"right", right.str()}});
        ++coverage_.merges;
        return;
      }
    }
  }
}

void Upstream::switch_stream_off() {
  log_.debug("the stream is switched off");
  must(dynamodb_.update_stream(kTable, std::nullopt, loop_.now()).has_value(), "the table has a stream");
}

std::map<std::string, std::vector<StreamRecord>> Upstream::new_records() {
  note_records();
  return std::exchange(noted_, {});
}

void Upstream::note_records() {
  const auto report = [&](const auto& shards, const auto& append) {
    for (const auto& shard : shards) {
      uint64_t& seen = seen_[shard.id.str()];
      if (seen == shard.end()) continue;
      auto& records = noted_[shard.id.str()];
      for (seen = std::max(seen, shard.trimmed); seen < shard.end(); ++seen) append(shard.at(seen), records);
    }
  };
  if (knobs_.source == SourceKind::kinesis) {
    report(kinesis_.stream(kStream)->shards(), append_kinesis);
  } else {
    report(table_stream().shards(), append_streams);
  }
}

std::vector<std::string> Upstream::parents_of(const std::string& shard) const {
  std::vector<std::string> out;
  if (knobs_.source == SourceKind::kinesis) {
    const auto& shards = kinesis_.stream(kStream)->shards();
    const auto found = std::ranges::find(shards, shard, [](const sim::Shard& one) { return one.id.str(); });
    if (found == shards.end()) return out;
    for (const size_t parent : found->parents) out.push_back(shards[parent].id.str());
  } else {
    const auto& shards = table_stream().shards();
    const auto found = std::ranges::find(shards, shard, [](const sim::TableShard& one) { return one.id.str(); });
    if (found != shards.end() && found->parent) out.push_back(shards[*found->parent].id.str());
  }
  return out;
}

Coverage Upstream::coverage() const {
  Coverage out = coverage_;
  if (knobs_.source == SourceKind::streams) out.rolls += table_stream().rolls();
  out.splits += kinesis_.splits_on_demand();
  out.merges += kinesis_.merges_on_demand();
  return out;
}

}  // namespace ctk::simulation
