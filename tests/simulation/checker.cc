#include "simulation/checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace ctk::simulation {
namespace {

const std::string kTargetTable = std::string("public.") + kTable;

/// A version without its epoch: "00000001.1.…" → "1.…".
std::string_view order_of(const std::string& version) {
  return std::string_view(version).substr(std::min(version.size(), size_t{9}));
}

bool at_most(const std::string& left, const std::string& right) {
  return left.size() != right.size() ? left.size() < right.size() : left <= right;
}

}  // namespace

void Checker::wrong(std::string what) {
  if (!wrong_) wrong_ = std::move(what);
}

void Checker::learn() {
  for (auto& [shard, records] : far_side_.new_records()) {
    auto& known = records_[shard];
    known.insert(known.end(), std::make_move_iterator(records.begin()), std::make_move_iterator(records.end()));
  }
}

bool Checker::target_holds(const StreamRecord& record) const {
  const auto holds = [&](const auto& rows, const auto& version) {
    const auto row = rows.find(record.key);
    return row != rows.end() && order_of(version(row->second)) >= record.order;
  };
  const auto table = target_.tables.find(kTargetTable);
  if (table != target_.tables.end() && holds(table->second, [](const sim::TargetRow& row) { return row.version; })) {
    return true;
  }
  const auto swept = target_.swept.find(kTargetTable);
  if (swept != target_.swept.end() && holds(swept->second, [](const std::string& version) { return version; })) return true;
  return std::ranges::any_of(target_.dead_letters, [&](const auto& entry) {
    return entry.second.change.find(record.key.substr(1, record.key.size() - 2)) != std::string::npos;
  });
}

const StreamRecord* Checker::missing(const std::string& shard, const std::string* last) {
  const auto& records = records_[shard];
  size_t& held = held_[shard];
  for (; held < records.size(); ++held) {
    if (last != nullptr && !at_most(records[held].sequence, *last)) return nullptr;
    if (!target_holds(records[held])) return &records[held];
  }
  return nullptr;
}

void Checker::check_positions() {
  for (const auto& [relay, rows] : target_.positions) {
    for (const auto& [shard, row] : rows) {
      using Kind = shards::Position::Kind;
      const bool to_end = row.position.ended();
      if (!to_end && row.position.kind != Kind::after_sequence) continue;
      const std::string last = row.position.sequence.str();
      if (const StreamRecord* lost = missing(shard.str(), to_end ? nullptr : &last)) {
        wrong(fmt::format("the position of {} is {}, but the target does not hold {} of {}", shard.str(),
                          shards::to_string(row.position), lost->sequence, lost->key));
      }
    }
  }
}

void Checker::check_parents(const std::string& shard) {
  if (!parents_held_.insert(shard).second) return;
  learn();
  for (const std::string& parent : far_side_.parents_of(shard)) {
    if (const StreamRecord* lost = missing(parent, nullptr)) {
      wrong(fmt::format("a change of {} is written before {} of its parent {}", shard, lost->sequence, parent));
    }
    check_parents(parent);
  }
}

void Checker::on_write(const sink::Batch& batch) {
  for (const sink::TableWrites& writes : batch.tables) {
    for (const sink::FoldedChange& folded : writes.changes) {
      for (const aws::ShardId& shard : folded.shards) check_parents(shard.str());
    }
  }
}

const std::optional<std::string>& Checker::look() {
  if (target_.regressions > 0) wrong(fmt::format("{} rows went back to an older version", target_.regressions));
  learn();
  check_positions();
  return wrong_;
}

std::optional<std::string> Checker::at_rest() {
  if (look()) return wrong_;
  static const std::map<std::string, sim::TargetRow> kEmpty;
  const auto table = target_.tables.find(kTargetTable);
  const auto& rows = table == target_.tables.end() ? kEmpty : table->second;
  for (const auto& [key, value] : far_side_.model()) {
    const auto row = rows.find(fmt::format(R"({{"pk":{{"S":"{}"}}}})", key));
    const bool living = row != rows.end() && !row->second.deleted;
    if (living != value.has_value()) {
      return fmt::format("{} is {} in the source and {} in the target", key, value ? "there" : "gone",
                         living ? "there" : "gone");
    }
    if (living && row->second.data != fmt::format(R"({{"v":{}}})", *value)) {
      return fmt::format("{} is {} in the source and {} in the target", key, *value, row->second.data);
    }
  }
  const auto strange = std::ranges::find_if(rows, [&](const auto& row) {
    return !row.second.deleted && !far_side_.model().contains(row.first.substr(12, row.first.size() - 15));
  });
  if (strange != rows.end()) return "the target has a row that never was: " + strange->first;
  return {};
}

}  // namespace ctk::simulation
