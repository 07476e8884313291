#include "simulation/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "simulation/history_check.h"

namespace ctk::simulation {
namespace {

/// Records of DynamoDB Streams have whole seconds.
constexpr Duration kCoarseTime = std::chrono::seconds(1);
constexpr Duration kRetention = std::chrono::hours(24);
const std::string kTargetTable = std::string("public.") + kTable;

/// A version without its epoch: "00000001.1.…" → "1.…".
std::string_view order_of(const std::string& version) {
  return std::string_view(version).substr(std::min(version.size(), size_t{9}));
}

std::string key_of(const std::string& name) { return fmt::format(R"({{"pk":{{"S":"{}"}}}})", name); }

/// What a living row shows: "v" of {"ttl":…,"v":17}.
int value_of(const TargetRow& row) {
  const size_t at = row.data.find("\"v\":");
  return at == std::string::npos ? 0 : static_cast<int>(std::strtol(row.data.c_str() + at + 4, nullptr, 10));
}

/// "00000002.1.…" → 2.
coordination::Epoch order_epoch(const std::string& version) {
  return static_cast<coordination::Epoch>(std::strtoul(version.c_str(), nullptr, 10));
}

bool at_most(const std::string& left, const std::string& right) {
  return left.size() != right.size() ? left.size() < right.size() : left <= right;
}

/// Whether a position after some record is behind this one.
bool is_behind(const shards::Position& position, const StreamRecord& record) {
  if (record.sequence != position.sequence.str()) return at_most(record.sequence, position.sequence.str());
  return !position.index || !record.index || *record.index <= *position.index;
}

}  // namespace

void Checker::wrong(std::string what) {
  if (!wrong_) wrong_ = std::move(what);
}

void Checker::learn() {
  for (auto& [shard, records] : upstream_.new_records()) {
    auto& known = records_[shard];
    known.insert(known.end(), std::make_move_iterator(records.begin()), std::make_move_iterator(records.end()));
  }
}

const coordination::TableRecord* Checker::record() const {
  const auto found = target_.records.find(kTargetTable);
  return found == target_.records.end() ? nullptr : &found->second;
}

bool Checker::target_holds(const StreamRecord& change) const {
  // What happened before the cut is in the load; a load's row holds what happened until its page was read.
  if (loads_ && record() != nullptr && record()->cut && change.time - kCoarseTime < *record()->cut) return true;
  // What the stream has lost meanwhile is in a load that is read after that.
  if (loads_ && upstream_.now() - change.arrival > kRetention) return true;
  const auto holds = [&](const auto& rows, const auto& version) {
    const auto row = rows.find(change.key);
    return row != rows.end() && order_of(version(row->second)) >= change.order;
  };
  const auto table = target_.tables.find(kTargetTable);
  if (table != target_.tables.end()) {
    if (holds(table->second, [](const TargetRow& row) { return row.version; })) return true;
    const auto row = table->second.find(change.key);
    const bool loaded = row != table->second.end() && order_of(row->second.version).starts_with("0.");
    if (loaded && row->second.time >= change.time) return true;
  }
  const auto swept = target_.swept.find(kTargetTable);
  if (swept != target_.swept.end() && holds(swept->second, [](const std::string& version) { return version; })) return true;
  return std::ranges::any_of(target_.dead_letters, [&](const auto& entry) {
    return entry.second.change.find(change.key.substr(1, change.key.size() - 2)) != std::string::npos;
  });
}

const StreamRecord* Checker::missing(const std::string& shard, const shards::Position* last) {
  const auto& records = records_[shard];
  size_t& held = held_[shard];
  for (; held < records.size(); ++held) {
    if (last != nullptr && !is_behind(*last, records[held])) return nullptr;
    if (!target_holds(records[held])) return &records[held];
  }
  return nullptr;
}

void Checker::check_stored(const std::string& shard, const shards::Position& position) {
  const bool to_end = position.ended();
  if (!to_end && position.kind != shards::Position::Kind::after_sequence) return;
  if (const StreamRecord* lost = missing(shard, to_end ? nullptr : &position)) {
    wrong(fmt::format("the position of {} is {}, but the target does not hold {} of {}", shard, shards::to_string(position),
                      lost->sequence, lost->key));
  }
}

void Checker::check_positions() {
  for (const auto& [relay, rows] : target_.positions) {
    for (const auto& [shard, row] : rows) check_stored(shard.str(), row.position);
  }
}

void Checker::check_position(const aws::ShardId& shard, const shards::Position& position) {
  learn();
  check_stored(shard.str(), position);
}

void Checker::check_parents(const std::string& shard) {
  if (!parents_held_.insert(shard).second) return;
  learn();
  for (const std::string& parent : upstream_.parents_of(shard)) {
    if (const StreamRecord* lost = missing(parent, nullptr)) {
      wrong(fmt::format("a change of {} is written before {} of its parent {}", shard, lost->sequence, parent));
    }
    check_parents(parent);
  }
}

void Checker::on_write(const sink::Batch& batch) {
  if (!target_.histories.empty()) learn();
  for (const sink::TableWrites& writes : batch.tables) {
    for (const sink::FoldedChange& folded : writes.changes) {
      for (const auto& change : folded.changes) check_parents(std::string(change->shard));
    }
  }
}

const std::optional<std::string>& Checker::look() {
  if (target_.regressions > 0) wrong(fmt::format("{} rows went back to an older version", target_.regressions));
  learn();
  check_positions();
  return wrong_;
}

/// From when on no row may go back: always, or once the table was ready, until it is loaded again.
bool Checker::never_goes_back() const { return !loads_ || (record() != nullptr && record()->epoch == ready_epoch_); }

void Checker::on_row(const std::string& key, const TargetRow* row) {
  Shown& shown = shown_[key];
  if (row == nullptr || row->deleted) {
    shown.gone = true;
    return;
  }
  const int value = value_of(*row);
  if (never_goes_back() && value < shown.value) wrong(fmt::format("{} went back from {} to {}", key, shown.value, value));
  if (never_goes_back() && value == shown.value && shown.gone) wrong(fmt::format("{} was gone and came back", key));
  shown = {value, false};
}

std::map<std::string, Timestamp> Checker::last_changes(Timestamp arrived_by) const {
  std::map<std::string, Timestamp> last;
  for (const auto& [shard, records] : records_) {
    for (const StreamRecord& change : records) {
      if (change.arrival > arrived_by) continue;
      Timestamp& at = last.try_emplace(change.key, change.time).first->second;
      at = std::max(at, change.time);
    }
  }
  return last;
}

/// Whether the row shows the item as it was at a moment, or later.
bool Checker::shows(const std::vector<Moment>& moments, const TargetRow* row, Timestamp since) {
  if (row == nullptr || row->deleted) {
    if (moments.front().at > since) return true;
    return std::ranges::any_of(moments, [since](const Moment& moment) { return !moment.value && moment.at >= since; });
  }
  const int value = value_of(*row);
  return std::ranges::any_of(moments, [&](const Moment& moment) { return moment.value == value && moment.at >= since; });
}

/// Ready: the table holds what its source held at the load's end, or later.
void Checker::on_ready() {
  if (record() == nullptr || record()->load != coordination::LoadState::complete || !record()->loaded) {
    return wrong("a table is called ready, and its load is not complete");
  }
  learn();
  const History& history = upstream_.history();
  const std::map<std::string, Timestamp> last = last_changes(*record()->loaded);
  for (const auto& [name, moments] : history) {
    // What was refused once may stay as it was.
    if (std::ranges::any_of(moments, &Moment::refused)) continue;
    const auto change = last.find(key_of(name));
    const Timestamp first = moments.front().at <= upstream_.stream_begun() ? moments.front().at : kNoTime;
    const Timestamp since = change != last.end() ? change->second : first;
    if (!shows(moments, row_of(name), since)) {
      wrong(fmt::format("the table is called ready, and {} is not what it was at the load's end", name));
    }
  }
  ready_epoch_ = record()->epoch;
}

const TargetRow* Checker::row_of(const std::string& name) const {
  const auto table = target_.tables.find(kTargetTable);
  if (table == target_.tables.end()) return nullptr;
  const auto row = table->second.find(key_of(name));
  return row == table->second.end() ? nullptr : &row->second;
}

std::optional<std::string> Checker::compare(const std::string& name, const std::vector<Moment>& moments) const {
  const TargetRow* row = row_of(name);
  const bool refused = std::ranges::any_of(moments, &Moment::refused);
  // A key with an open dead letter is not taken for gone by a load, and what it was before the load nobody knows.
  const bool of_this_load = row != nullptr && record() != nullptr && order_epoch(row->version) == record()->epoch;
  if (loads_ && refused && moments.back().refused) return {};
  if (loads_ && refused && !moments.back().value && row != nullptr && !of_this_load) return {};
  const auto last = std::ranges::find_if(moments.rbegin(), moments.rend(), [](const Moment& m) { return !m.refused; });
  const std::optional<int> value = last == moments.rend() ? std::nullopt : last->value;
  const bool living = row != nullptr && !row->deleted;
  if (living != value.has_value()) {
    return fmt::format("{} is {} in the source and {} in the target", name, value ? "there" : "gone",
                       living ? "there" : "gone");
  }
  if (living && value_of(*row) != *value) {
    return fmt::format("{} is {} in the source and {} in the target", name, *value, row->data);
  }
  return {};
}

/// Once a load is complete no row is older than it, but of keys with an open dead letter.
std::optional<std::string> Checker::left_of_older_load(const std::map<std::string, TargetRow>& rows) const {
  if (!loads_ || record() == nullptr || record()->load != coordination::LoadState::complete) return {};
  for (const auto& [key, row] : rows) {
    const bool has_letter =
        std::ranges::any_of(target_.dead_letters, [&](const auto& letter) { return letter.second.key == key; });
    if (!has_letter && order_epoch(row.version) < record()->epoch) return "a row of an older load is left: " + key;
  }
  return {};
}

std::optional<std::string> Checker::compare_history() const {
  const auto kept = target_.histories.find(kTargetTable);
  if (kept == target_.histories.end()) return {};
  RecordedChanges recorded;
  for (const auto& [shard, records] : records_) {
    for (const StreamRecord& change : records) recorded[change.key].emplace(change.order, change);
  }
  // What happened before the cut may be in the load alone.
  Timestamp due = kNoTime;
  if (loads_ && record() != nullptr && record()->cut) due = *record()->cut + kCoarseTime;
  return wrong_in_history(kept->second, recorded, upstream_.history(), due);
}

std::optional<std::string> Checker::at_rest() {
  if (look()) return wrong_;
  const History& history = upstream_.history();
  for (const auto& [name, moments] : history) {
    if (auto different = compare(name, moments)) return different;
  }
  const auto table = target_.tables.find(kTargetTable);
  if (table == target_.tables.end()) return {};
  if (auto left = left_of_older_load(table->second)) return left;
  const auto strange = std::ranges::find_if(table->second, [&](const auto& row) {
    return !row.second.deleted && !history.contains(row.first.substr(12, row.first.size() - 15));
  });
  if (strange != table->second.end()) return "the target has a row that never was: " + strange->first;
  learn();
  return compare_history();
}

}  // namespace ctk::simulation
