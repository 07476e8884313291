#include "observe/process_status.h"

#include <fmt/format.h>

#include "json/writer.h"
#include "observe/progress.h"

namespace ctk::observe {
namespace {

using json::Writer;
using relay::RelayView;
using relay::ShardView;

/// Microseconds would only look exact.
std::string decimal(double number) { return fmt::format("{:.3f}", number); }
std::string_view to_text(RelayView::State state) {
  switch (state) {
    case RelayView::State::starting: return "starting";
    case RelayView::State::loading: return "loading";
    case RelayView::State::running: return "running";
    case RelayView::State::failed: return "failed";
    case RelayView::State::stopping: break;
  }
  return "stopping";
}

std::string_view to_text(ShardView::State state) {
  switch (state) {
    case ShardView::State::waiting: return "waiting";
    case ShardView::State::reading: return "reading";
    case ShardView::State::at_tip: return "at_tip";
    case ShardView::State::ended: return "ended";
    case ShardView::State::elsewhere: return "elsewhere";
    case ShardView::State::finished: break;
  }
  return "finished";
}

void put(Writer& writer, std::string_view key, std::string_view text) {
  writer.key(key);
  writer.string(text);
}
void put_number(Writer& writer, std::string_view key, const std::string& digits) {
  writer.key(key);
  writer.number(digits);
}
void put_flag(Writer& writer, std::string_view key, bool value) {
  writer.key(key);
  writer.boolean(value);
}
void put_texts(Writer& writer, std::string_view key, const std::vector<std::string>& texts) {
  writer.key(key);
  writer.begin_array();
  for (const std::string& text : texts) writer.string(text);
  writer.end_array();
}

void put_outage(Writer& writer, std::string_view side, Timestamp since, const std::string& error) {
  writer.begin_object();
  put(writer, "side", side);
  put(writer, "since", format_iso8601(since));
  put(writer, "says", error);
  writer.end_object();
}

/// Why the whole relay has failed, else the side that has failed longest.
void put_outage(Writer& writer, const RelayStatus& status, Timestamp time) {
  writer.key("trouble");
  if (status.failure) return put_outage(writer, "relay", status.failure->since, status.failure->error);
  if (status.view.outages.empty()) return writer.null();
  const relay::OutageView& outage =
      *std::ranges::max_element(status.view.outages, {}, [](const relay::OutageView& each) { return each.lasts; });
  put_outage(writer, outage.side == relay::Side::source ? "source" : "target", time - outage.lasts, outage.error);
}

void put_load(Writer& writer, const std::optional<relay::LoadProgress>& load) {
  writer.key("load");
  if (!load) return writer.null();
  writer.begin_object();
  put_flag(writer, "running", load->running);
  put_number(writer, "items", std::to_string(load->items_before + load->items));
  put_number(writer, "bytes", std::to_string(load->bytes));
  put_number(writer, "expected_items", std::to_string(load->expected_items));
  put_number(writer, "segments", std::to_string(load->segments));
  put_number(writer, "segments_done", std::to_string(load->segments_done));
  writer.end_object();
}

enum class Detail { contract, page };

void put_shards(Writer& writer, const RelayView& view, Detail detail) {
  writer.key("shards");
  writer.begin_array();
  for (const ShardView& shard : view.shards) {
    if (shard.segment) continue;
    writer.begin_object();
    put(writer, "id", shard.id.str());
    put(writer, "state", to_text(shard.state));
    put(writer, "position", shards::to_string(shard.position));
    put_number(writer, "lag_seconds", decimal(to_seconds(shard.lag)));
    put(writer, "worker", view.worker.str());
    if (detail == Detail::page) {
      std::vector<std::string> parents;
      for (const aws::ShardId& parent : shard.parents) parents.push_back(parent.str());
      put_texts(writer, "parents", parents);
    }
    writer.end_object();
  }
  writer.end_array();
}

void put_history(Writer& writer, const std::vector<HistoryPoint>& history) {
  writer.key("history");
  writer.begin_array();
  for (const HistoryPoint& point : history) {
    writer.begin_array();
    writer.number(std::to_string(to_micros(point.time) / 1000));
    for (const double value : {point.lag_seconds, point.rates.changes, point.rates.bytes}) writer.number(decimal(value));
    writer.boolean(point.healthy);
    writer.end_array();
  }
  writer.end_array();
}

void put_dead_letters(Writer& writer, const std::vector<relay::DeadLetterView>& dead_letters) {
  writer.key("dead_letters");
  writer.begin_array();
  for (const relay::DeadLetterView& one : dead_letters) {
    writer.begin_object();
    put(writer, "time", format_iso8601(one.time));
    put(writer, "shard", one.shard);
    put(writer, "source_table", one.source_table);
    put(writer, "key", one.key);
    put(writer, "reason", one.reason);
    writer.end_object();
  }
  writer.end_array();
}

void put_relay(Writer& writer, const RelayStatus& status, Timestamp time, Detail detail) {
  const RelayView& view = status.view;
  writer.begin_object();
  put(writer, "name", view.name.str());
  put(writer, "state", to_text(view.state));
  put_flag(writer, "ready", status.has_caught_up);
  put_flag(writer, "healthy", status.health.is_well());
  put_outage(writer, status, time);
  put_number(writer, "lag_seconds", decimal(to_seconds(view.stats.lag)));
  writer.key("seconds_to_data_loss");
  view.stats.until_data_loss ? writer.number(decimal(to_seconds(*view.stats.until_data_loss))) : writer.null();
  writer.key("rates");
  writer.begin_object();
  put_number(writer, "changes", decimal(status.rates.changes));
  put_number(writer, "bytes", decimal(status.rates.bytes));
  writer.end_object();
  writer.key("totals");
  writer.raw(summary_json(view.stats));
  put_number(writer, "memory_bytes", std::to_string(view.stats.memory_used));
  put_load(writer, view.stats.load);
  put_shards(writer, view, detail);
  if (detail == Detail::page) {
    put(writer, "source", status.title.source);
    put(writer, "target", status.title.target);
    put_texts(writer, "tables", view.stats.tables);
    put_history(writer, status.history);
    put_dead_letters(writer, view.dead_letters);
  }
  writer.end_object();
}

void put_process(Writer& writer, const ProcessStatus& status, Detail detail) {
  writer.key("relays");
  writer.begin_array();
  for (const RelayStatus& relay : status.relays) put_relay(writer, relay, status.time, detail);
  writer.end_array();
  put(writer, "version", status.version);
  put_number(writer, "uptime_seconds", decimal(to_seconds(status.uptime)));
}

}  // namespace

Health health_of(const ProcessStatus& status, Duration now, Duration window) {
  Health health;
  for (const RelayStatus& relay : status.relays) {
    const std::string name = relay.view.name.empty() ? "" : relay.view.name.str() + ": ";
    for (const std::string& reason : relay.health.reasons) health.reasons.push_back(name + reason);
  }
  if (now - status.looked > window) {
    health.reasons.push_back(
        fmt::format("the process has not looked at its relays for {} s", (now - status.looked) / std::chrono::seconds(1)));
  }
  return health;
}

bool is_ready(const ProcessStatus& status) {
  return !status.relays.empty() && std::ranges::all_of(status.relays, &RelayStatus::has_caught_up);
}

std::string status_json(const ProcessStatus& status) {
  std::string text;
  Writer writer(text);
  writer.begin_object();
  put_process(writer, status, Detail::contract);
  writer.end_object();
  return json::to_utf8(std::move(text)) + "\n";
}

std::string health_json(const Health& health) {
  std::string text;
  Writer writer(text);
  writer.begin_object();
  put_flag(writer, "healthy", health.is_well());
  put_texts(writer, "reasons", health.reasons);
  writer.end_object();
  return json::to_utf8(std::move(text)) + "\n";
}

std::string ready_json(bool ready) { return fmt::format("{{\"ready\":{}}}\n", ready); }

std::string page_json(const ProcessStatus& status, const Health& health, const std::vector<RecentLog::Line>& log) {
  std::string text;
  Writer writer(text);
  writer.begin_object();
  put_process(writer, status, Detail::page);
  put_texts(writer, "reasons", health.reasons);
  writer.key("log");
  writer.begin_array();
  for (const RecentLog::Line& line : log) {
    writer.begin_object();
    put(writer, "level", to_string(line.level));
    put(writer, "text", line.text);
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return json::to_utf8(std::move(text)) + "\n";
}

}  // namespace ctk::observe
