#include "sink/cratedb/history_work.h"

#include <fmt/format.h>

#include <algorithm>

#include "dynamodb/number.h"
#include "json/writer.h"
#include "sink/cratedb/history_statements.h"
#include "sink/cratedb/row_args.h"
#include "sink/cratedb/statements.h"
#include "sink/cratedb/stored_rows.h"

namespace ctk::sink::cratedb {
namespace {

/// Others who write the same keys at the same time may make as many looks necessary.
constexpr int kMostLooks = 20;

/// CrateDB keeps milliseconds.
Timestamp stored_time(Timestamp time) { return from_micros(to_millis(time) * 1000); }

std::optional<Timestamp> time_of(const std::string& cell) {
  const auto millis = cell_int(cell);
  return millis ? std::optional(from_micros(*millis * 1000)) : std::nullopt;
}

std::string listed(const std::vector<table::KeyCell>& cells) {
  std::string args;
  for (const table::KeyCell& cell : cells) args += (args.empty() ? "" : ",") + key_arg(cell);
  return args;
}

std::string millis_arg(const std::optional<Timestamp>& time) {
  return time ? std::to_string(to_millis(*time)) : std::string("null");
}

}  // namespace

HistoryWork::HistoryWork(Session& session, std::shared_ptr<TableState> state, const TableWrites& writes,
                         const std::vector<ChangeOutcome>& outcomes)
    : session_(session), state_(std::move(state)), table_epoch_(writes.epoch), epoch_(writes.version_epoch()) {
  for (size_t i = 0; i < writes.changes.size(); i++) {
    const FoldedChange& folded = writes.changes[i];
    for (auto level = static_cast<size_t>(outcomes[i].parked); level < folded.changes.size(); level++) {
      add(i, level, *folded.changes[level]);
    }
  }
}

void HistoryWork::add(size_t change, size_t level, const dynamodb::Change& of) {
  Event& event = events_.emplace_back();
  event.change = change;
  event.level = level;
  event.of = &of;
  render(event, state_->history->render(of, epoch_));
}

void HistoryWork::render(Event& event, table::Rendered rendered) {
  std::optional<std::string> problem;
  if (const auto* refused = std::get_if<table::Refused>(&rendered)) problem = refused->reason;
  if (auto* row = std::get_if<table::Row>(&rendered)) {
    problem = key_problem(spec(), *row);
    event.row = std::move(*row);
  }
  if (problem) {
    unkept_.push_back({event.change, event.level, std::move(*problem)});
    events_.pop_back();
    return;
  }
  event.args = event_args(spec(), event.row, *event.of);
}

Task<Result<bool>> HistoryWork::run(BatchBounds& bounds) {
  Result<bool> step = co_await insert(bounds);
  if (!step) co_return step;
  for (int look = 0; look < kMostLooks; look++) {
    step = co_await settle();
    if (!step || !*step) co_return step;
  }
  co_return fail(ErrorKind::throttled, "the history " + spec().name.str() + " is written to by others all the time");
}

Task<Result<bool>> HistoryWork::insert(BatchBounds& bounds) {
  BulkSender sender(session_, insert_event(spec()), doing(), true, BulkSender::Unchanged::is_there);
  while (true) {
    std::vector<BulkRow*> rows;
    for (Event& event : events_) rows.push_back(&event);
    Result<bool> sent = co_await sender.send(std::move(rows), bounds);
    if (!sent) co_return sent;
    bool again = false;
    for (Event& event : events_) {
      if (event.settled || !event.refusal || event.all_in_aux) continue;
      const table::Rendered other = state_->history->render_into_aux(*event.of, epoch_, {table::Path{}});
      event.all_in_aux = true;
      const auto* row = std::get_if<table::Row>(&other);
      if (row == nullptr) continue;
      event.row = *row;
      event.args = event_args(spec(), event.row, *event.of);
      event.refusal.reset();
      again = true;
    }
    if (!again) break;
  }
  std::erase_if(events_, [this](const Event& event) {
    if (event.settled) return false;
    unkept_.push_back({event.change, event.level, "CrateDB refuses the row of the history: " + event.refusal->message});
    return true;
  });
  co_return true;
}

HistoryWork::Keys HistoryWork::keys() const {
  Keys keys;
  for (const Event& event : events_) {
    OfKey& key = keys[key_texts(event.row.keys)];
    key.cells = event.row.keys;
    key.events.push_back({event.row.version, stored_time(event.row.time)});
  }
  for (auto& [texts, key] : keys) {
    key.window = HistoryOfKey(key.events).windows(table_epoch_).back();
    if (const auto found = before_.find(texts); found != before_.end()) key.before = found->second;
  }
  return keys;
}

/// The nearest rows say enough where the events are the newest of their key, and one row before them has no end, or theirs.
/// One that was given another end meanwhile has another one behind it, which was not read where it has an end, too.
bool HistoryWork::needs_all(const KeyTexts& texts, const OfKey& key) {
  if (table_epoch_ > 1) return true;
  const auto versions = [](const HistoryEvent& event) -> const std::string& { return event.version; };
  const HistoryEvent& first = *std::ranges::min_element(key.events, {}, versions);
  const std::string& lowest = first.version;
  const std::string& highest = std::ranges::max_element(key.events, {}, versions)->version;
  size_t before = 0;
  for (const auto& [version, stored] : key.stored) {
    if (version > highest) return true;
    if (version >= lowest) continue;
    ++before;
    before_[texts] = version;
    if (table::change_identity(version) == table::change_identity(lowest)) return true;
    if (stored.event.to && *stored.event.to != first.from) return true;
  }
  return before != 1;
}

Task<Result<bool>> HistoryWork::settle() {
  Statement refreshing{.sql = refresh(spec().name), .args = "", .bulk = ""};
  Result<Answer> refreshed = co_await run_or_fail(session_, std::move(refreshing), "refreshing " + spec().name.str());
  if (!refreshed) co_return forward_error(std::move(refreshed));
  Keys keys = this->keys();
  Result<bool> known = co_await read_nearest(keys);
  if (known) known = co_await read_all(keys);
  if (!known) co_return known;
  std::vector<std::string> ends, removals;
  for (auto& [texts, key] : keys) {
    HistoryOfKey history(key.events);
    std::vector<HistoryEvent> rows;
    for (const auto& [version, stored] : key.stored) rows.push_back(stored.event);
    history.take(std::move(rows));
    const HistoryChanges changes = history.plan();
    const std::string cells = changes.empty() ? "" : listed(key.cells);
    for (const HistoryChanges::End& each : changes.ends) {
      ends.push_back(
          fmt::format("[{},{},\"{}\",{}]", millis_arg(each.to), cells, each.version, key.stored.at(each.version).guard));
    }
    for (const std::string& version : changes.removals) {
      removals.push_back(fmt::format("[{},\"{}\",{}]", cells, version, key.stored.at(version).guard));
    }
  }
  if (ends.empty() && removals.empty()) co_return false;
  Result<bool> changed = co_await change(end_event(spec()), std::move(ends));
  if (changed) changed = co_await change(remove_event(spec()), std::move(removals));
  co_return changed;
}

Task<Result<bool>> HistoryWork::read_nearest(Keys& keys) {
  std::vector<OfKey*> asked;
  for (auto& [texts, key] : keys) asked.push_back(&key);
  Result<bool> known = co_await read(keys, std::move(asked), false);
  co_return known;
}

Task<Result<bool>> HistoryWork::read_all(Keys& keys) {
  std::vector<OfKey*> asked;
  for (auto& [texts, key] : keys) {
    if (needs_all(texts, key)) asked.push_back(&key);
  }
  Result<bool> known = co_await read(keys, std::move(asked), true);
  co_return known;
}

Statement HistoryWork::select(const std::vector<OfKey*>& asked, bool all) const {
  std::vector<std::vector<table::KeyCell>> cells;
  std::vector<std::string> before;
  std::string from = asked.front()->window.from, to = asked.front()->window.to;
  for (const OfKey* key : asked) {
    cells.push_back(key->cells);
    from = std::min(from, key->window.from);
    to = std::max(to, key->window.to);
    if (!key->before.empty()) before.push_back("\"" + key->before + "\"");
  }
  std::string args = event_key_args(cells);
  if (!all) args += fmt::format(",\"{}\",\"{}\",[{}]", from, to, fmt::join(before, ","));
  return {.sql = all ? select_all_events(spec()) : select_nearest_events(spec()), .args = "[" + args + "]", .bulk = ""};
}

/// What is read for several keys holds more of each than was asked for it.
bool HistoryWork::is_near(const OfKey& key, const HistoryEvent& event) const {
  const bool inside = key.window.from <= event.version && event.version <= key.window.to;
  return !event.to || inside || event.version == key.before;
}

Task<Result<bool>> HistoryWork::read(Keys& keys, std::vector<OfKey*> asked, bool all) {
  const size_t width = spec().keys.size();
  const size_t at_once = event_keys_at_once(width);
  for (size_t begin = 0; begin < asked.size(); begin += at_once) {
    const auto first = asked.begin() + static_cast<ptrdiff_t>(begin);
    const std::vector<OfKey*> some(first, first + static_cast<ptrdiff_t>(std::min(at_once, asked.size() - begin)));
    Statement statement = select(some, all);
    Result<Answer> answer = co_await run_or_fail(session_, std::move(statement), "reading " + spec().name.str());
    if (!answer) co_return forward_error(std::move(answer));
    for (const std::vector<std::string>& cells : answer->rows) {
      if (cells.size() != width + 5) continue;
      const auto key = keys.find(key_texts(spec(), cells));
      if (key == keys.end()) continue;
      HistoryEvent event{cell_text(cells[width]).value_or(""), time_of(cells[width + 1]).value_or(kNoTime),
                         time_of(cells[width + 2])};
      if (!all && !is_near(key->second, event)) continue;
      key->second.stored.insert_or_assign(event.version, Stored{event, cells[width + 3] + "," + cells[width + 4]});
    }
  }
  co_return true;
}

/// A row that somebody else was quicker to change is looked at again.
Task<Result<bool>> HistoryWork::change(std::string sql, std::vector<std::string> rows) {
  if (rows.empty()) co_return true;
  Statement statement{.sql = std::move(sql), .args = "", .bulk = fmt::format("[{}]", fmt::join(rows, ","))};
  Result<Answer> answer = co_await run_or_fail(session_, std::move(statement), doing());
  if (!answer) co_return forward_error(std::move(answer));
  // Ten rows of a shard say why they failed. The others are looked at again, and say it then if it was not for that.
  std::erase_if(answer->results, [](const RowResult& row) { return row.rowcount < 0 && !row.error; });
  if (const auto error = first_row_error(*answer, {Action::lost_race, Action::row_is_gone})) {
    co_return std::unexpected(to_error(*error, doing()));
  }
  co_return true;
}

}  // namespace ctk::sink::cratedb
