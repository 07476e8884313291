#include "coordination/lease.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "dynamodb/number.h"
#include "json/reader.h"
#include "json/writer.h"
#include "shards/segment.h"

namespace ctk::coordination {
namespace {

using json::Element;

constexpr std::array<std::pair<Checkpoint::Kind, std::string_view>, 4> kSentinels = {{
    {Checkpoint::Kind::at_timestamp, "AT_TIMESTAMP"},
    {Checkpoint::Kind::trim_horizon, "TRIM_HORIZON"},
    {Checkpoint::Kind::latest, "LATEST"},
    {Checkpoint::Kind::shard_end, "SHARD_END"},
}};
constexpr int64_t kNoNumber = -1;
constexpr std::string_view kLease = "LEASE", kSegment = "CTK_SEGMENT";

std::unexpected<Error> no_lease(std::string_view what) {
  return fail(ErrorKind::corrupt, "a row of the lease table is no lease that this version can read", std::string(what));
}

/// Attributes of one item.
class Row {
 public:
  explicit Row(Element item) : item_(item) {}

  std::optional<std::string> text(std::string_view name, std::string_view tag = "S") const {
    const auto value = json::member(item_, name);
    const auto found = value ? json::string_member(*value, tag) : std::nullopt;
    return found ? std::optional(std::string(*found)) : std::nullopt;
  }
  std::string text_or_empty(std::string_view name) const { return text(name).value_or(""); }
  int64_t number(std::string_view name, int64_t otherwise = 0) const {
    const auto digits = text(name, "N");
    return digits ? dynamodb::exact_int64(*digits).value_or(otherwise) : otherwise;
  }
  std::vector<aws::ShardId> shards(std::string_view name) const {
    std::vector<aws::ShardId> found;
    const auto value = json::member(item_, name);
    const auto set = value ? json::member(*value, "SS") : std::nullopt;
    json::Array array;
    if (!set || set->get_array().get(array) != simdjson::SUCCESS) return found;
    for (const Element element : array) {
      if (std::string_view text; element.get_string().get(text) == simdjson::SUCCESS) found.emplace_back(std::string(text));
    }
    std::ranges::sort(found);
    return found;
  }

 private:
  Element item_;
};

std::optional<PendingCheckpoint> read_pending(const Row& row) {
  const auto text = row.text("pendingCheckpoint");
  if (!text) return std::nullopt;
  auto checkpoint = parse_checkpoint(*text, row.number("pendingCheckpointSubSequenceNumber"));
  if (!checkpoint) return std::nullopt;
  return PendingCheckpoint{std::move(*checkpoint), row.text("pendingCheckpointState", "B").value_or("")};
}

std::optional<HashRange> read_range(const Row& row) {
  auto start = row.text("startingHashKey"), end = row.text("endingHashKey");
  if (!start || !end) return std::nullopt;
  return HashRange{std::move(*start), std::move(*end)};
}

std::optional<double> read_throughput(const Row& row) {
  const auto text = row.text("throughputKBps", "N");
  double value = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

OwnProgress read_own(const Row& row) {
  OwnProgress own;
  own.position = row.text_or_empty("ctkPosition");
  if (row.text("ctkReadTo", "N")) own.read_to = from_micros(row.number("ctkReadTo"));
  own.epoch = static_cast<Epoch>(row.number("ctkEpoch"));
  own.incarnation = Incarnation(row.text_or_empty("ctkIncarnation"));
  return own;
}

class ItemWriter {
 public:
  ItemWriter() { out_.begin_object(); }
  void put(std::string_view name, const std::string& value) {
    out_.key(name);
    out_.raw(value);
  }
  void put_text(std::string_view name, std::string_view text) {
    if (!text.empty()) put(name, text_value(text));
  }
  void put_shards(std::string_view name, const std::vector<aws::ShardId>& shards) {
    if (!shards.empty()) put(name, text_set_value(shards));
  }
  std::string end() {
    out_.end_object();
    return std::move(text_);
  }

 private:
  std::string text_;
  json::Writer out_{text_};
};

}  // namespace

std::string to_string(const Checkpoint& checkpoint) {
  const auto found = std::ranges::find(kSentinels, checkpoint.kind, [](const auto& sentinel) { return sentinel.first; });
  return found == kSentinels.end() ? checkpoint.sequence.str() : std::string(found->second);
}

Result<Checkpoint> parse_checkpoint(std::string_view text, int64_t sub_sequence) {
  const auto found = std::ranges::find(kSentinels, text, [](const auto& sentinel) { return sentinel.second; });
  if (found != kSentinels.end()) return Checkpoint{found->first, {}, 0};
  aws::SequenceNumber sequence{std::string(text)};
  if (!sequence.valid()) return no_lease(text);
  return Checkpoint{Checkpoint::Kind::sequence, std::move(sequence), std::max<int64_t>(0, sub_sequence)};
}

Result<std::optional<Lease>> read_lease(std::string_view item) {
  json::Parser parser;
  const auto parsed = parser.parse(item);
  if (!parsed) return no_lease(parsed.error().peer);
  const Row row(*parsed);
  if (const auto type = row.text("entityType"); type && *type != kLease && *type != kSegment) return std::nullopt;
  const auto key = row.text("leaseKey");
  const auto checkpoint_text = row.text("checkpoint");
  const int64_t counter = row.number("leaseCounter", kNoNumber);
  if (!key || key->empty() || !checkpoint_text || counter < 0) return no_lease(key.value_or(""));
  auto checkpoint = parse_checkpoint(*checkpoint_text, row.number("checkpointSubSequenceNumber"));
  if (!checkpoint) return forward_error(std::move(checkpoint));
  return Lease{.shard = aws::ShardId(*key),
               .owner = WorkerName(row.text_or_empty("leaseOwner")),
               .checkpoint_owner = WorkerName(row.text_or_empty("checkpointOwner")),
               .counter = counter,
               .owner_switches = row.number("ownerSwitchesSinceCheckpoint"),
               .checkpoint = std::move(*checkpoint),
               .pending = read_pending(row),
               .parents = row.shards("parentShardId"),
               .children = row.shards("childShardIds"),
               .hash_range = read_range(row),
               .throughput = read_throughput(row),
               .stream = row.text_or_empty("streamName"),
               .own = read_own(row)};
}

std::string lease_item(const Lease& lease) {
  ItemWriter out;
  out.put_text("leaseKey", lease.shard.str());
  out.put_text("entityType", shards::is_segment(lease.shard) ? kSegment : kLease);
  out.put_text("leaseOwner", lease.owner.str());
  out.put("leaseCounter", number_value(lease.counter));
  out.put("ownerSwitchesSinceCheckpoint", number_value(lease.owner_switches));
  out.put_text("checkpoint", to_string(lease.checkpoint));
  out.put("checkpointSubSequenceNumber", number_value(lease.checkpoint.sub_sequence));
  out.put_shards("parentShardId", lease.parents);
  out.put_shards("childShardIds", lease.children);
  if (lease.hash_range) {
    out.put_text("startingHashKey", lease.hash_range->start);
    out.put_text("endingHashKey", lease.hash_range->end);
  }
  out.put_text("ctkPosition", lease.own.position);
  if (lease.own.read_to != kNoTime) out.put("ctkReadTo", number_value(to_micros(lease.own.read_to)));
  if (lease.own.epoch != 0) out.put("ctkEpoch", number_value(lease.own.epoch));
  out.put_text("ctkIncarnation", lease.own.incarnation.str());
  return out.end();
}

std::string text_value(std::string_view text) {
  std::string out = R"({"S":)";
  json::append_string(out, text);
  return out + "}";
}

std::string number_value(int64_t number) { return R"({"N":")" + std::to_string(number) + R"("})"; }

std::string text_set_value(const std::vector<aws::ShardId>& shards) {
  std::string out = R"({"SS":[)";
  for (const aws::ShardId& shard : shards) {
    if (&shard != &shards.front()) out += ",";
    json::append_string(out, shard.str());
  }
  return out + "]}";
}

Checkpoint checkpoint_of(const Position& position) {
  switch (position.kind) {
    case Position::Kind::after_sequence: return {Checkpoint::Kind::sequence, position.sequence, 0};
    case Position::Kind::at_timestamp: return {Checkpoint::Kind::at_timestamp, {}, 0};
    case Position::Kind::shard_end: return {Checkpoint::Kind::shard_end, {}, 0};
    case Position::Kind::trim_horizon:
    case Position::Kind::at_sequence:
    case Position::Kind::after_key: break;
  }
  return {Checkpoint::Kind::trim_horizon, {}, 0};
}

std::optional<Position> position_of(const Lease& lease) {
  // Ours holds only as long as the library has not moved on from it.
  if (const auto own = shards::parse_position(lease.own.position); own && checkpoint_of(*own) == lease.checkpoint) {
    return *own;
  }
  switch (lease.checkpoint.kind) {
    case Checkpoint::Kind::trim_horizon: return Position::trim_horizon();
    case Checkpoint::Kind::sequence: return Position::at_sequence(lease.checkpoint.sequence);
    case Checkpoint::Kind::shard_end: return Position::shard_end();
    case Checkpoint::Kind::at_timestamp:
    case Checkpoint::Kind::latest: break;
  }
  return std::nullopt;
}

}  // namespace ctk::coordination
