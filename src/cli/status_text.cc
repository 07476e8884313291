#include "cli/status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/commands.h"
#include "cli/result_format.h"
#include "cli/shown_text.h"
#include "cli/status_values.h"
#include "json/writer.h"
#include "observe/progress.h"

namespace ctk::cli {
namespace {

using json::Element;
using Kind = sink::ResultSet::Column::Kind;

std::string shards_text(Element relay) {
  sink::ResultSet table;
  for (const char* name : {"shard", "state", "lag", "position"}) table.columns.push_back({name, Kind::text});
  size_t finished = 0;
  for (const Element shard : elements_of(relay, "shards")) {
    if (json::string_member(shard, "state") == "finished") {
      ++finished;
      continue;
    }
    table.rows.push_back({text_of(shard, "id"), text_of(shard, "state"),
                          duration_of(number_of(shard, "lag_seconds").value_or(0)), text_of(shard, "position")});
  }
  std::string text = table.rows.empty() ? "" : format_result(table, ResultFormat::table);
  if (finished > 0) text += fmt::format("and {} finished\n", finished);
  return text;
}

std::string load_text(Element load) {
  if (was_loaded_before(load)) return "  load complete, before this run\n";
  std::string text = json::bool_member(load, "running").value_or(false) ? "  load runs: " : "  load complete: ";
  text += observe::group_digits(count_of(load, "items"));
  if (const uint64_t expected = count_of(load, "expected_items"); expected > 0)
    text += fmt::format(" of about {}", observe::group_digits(expected));
  return text + fmt::format(" items, {} of {} segments\n", count_of(load, "segments_done"), count_of(load, "segments"));
}

std::string relay_text(Element relay) {
  std::string text = fmt::format("{}: {}, {}\n", relay_name_of(relay), text_of(relay, "state"), health_of(relay));
  text += fmt::format("  lag {}", duration_of(number_of(relay, "lag_seconds").value_or(0)));
  if (const auto rates = json::member(relay, "rates"))
    text += fmt::format(", {} changes/s, {}/s", observe::group_digits(count_of(*rates, "changes")),
                        observe::human_bytes(count_of(*rates, "bytes")));
  if (const auto left = number_of(relay, "seconds_to_data_loss"))
    text += fmt::format(", data loss in {}", duration_of(*left));
  text += fmt::format(", memory {}\n", observe::human_bytes(count_of(relay, "memory_bytes")));
  if (const auto totals = json::member(relay, "totals")) {
    text += fmt::format(
        "  read {}, applied {}, dead letters {}, gaps {}\n", observe::group_digits(count_of(*totals, "read")),
        observe::group_digits(count_of(*totals, "applied")), observe::group_digits(count_of(*totals, "dead_letters")),
        observe::group_digits(count_of(*totals, "gaps")));
  }
  if (const auto load = json::member(relay, "load")) text += load_text(*load);
  return text + shards_text(relay);
}

/// The oldest that is known of the shards that go on.
std::optional<Duration> furthest_behind(const std::vector<coordination::StoredPosition>& rows, Timestamp now) {
  std::optional<Duration> most;
  for (const coordination::StoredPosition& row : rows) {
    const auto lag = stored_lag(row, now);
    if (lag && (!most || *lag > *most)) most = lag;
  }
  return most;
}

void put_lag(json::Writer& writer, const std::optional<Duration>& lag) {
  writer.key("lag_seconds");
  lag ? writer.number(fmt::format("{:.3f}", to_seconds(*lag))) : writer.null();
}

void put_text(json::Writer& writer, std::string_view key, std::string_view text) {
  writer.key(key);
  writer.string(text);
}

void put_nulls(json::Writer& writer, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    writer.key(key);
    writer.null();
  }
}

void put_stored_relay(json::Writer& writer, const RelayRows& relay, Timestamp now) {
  const auto& [name, rows] = relay;
  writer.begin_object();
  put_text(writer, "name", name.str());
  put_nulls(writer, {"state", "ready", "healthy", "trouble"});
  put_lag(writer, furthest_behind(rows, now));
  put_nulls(writer, {"seconds_to_data_loss", "rates", "totals", "memory_bytes", "load"});
  writer.key("shards");
  writer.begin_array();
  for (const coordination::StoredPosition& row : rows) {
    writer.begin_object();
    put_text(writer, "id", row.shard.str());
    if (row.position.ended()) put_text(writer, "state", "finished");
    if (!row.position.ended()) put_nulls(writer, {"state"});
    put_text(writer, "position", to_string(row.position));
    put_lag(writer, stored_lag(row, now));
    put_text(writer, "worker", row.worker.str());
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
}

}  // namespace

Result<std::string> status_text(std::string_view status, std::string_view health) {
  json::Parser status_parser, health_parser;
  const auto whole = status_parser.parse(status);
  if (!whole) return std::unexpected(whole.error());
  const auto healthy = health_parser.parse(health);
  if (!healthy) return std::unexpected(healthy.error());
  if (!json::member(*whole, "relays")) return fail(ErrorKind::corrupt, "the answer is no status of ctk's");
  std::string text = fmt::format("ctk {}, up for {}\n", text_of(*whole, "version"),
                                 duration_of(number_of(*whole, "uptime_seconds").value_or(0)));
  for (const Element relay : elements_of(*whole, "relays")) text += "\n" + relay_text(relay);
  const std::vector<Element> reasons = elements_of(*healthy, "reasons");
  if (!reasons.empty()) text += "\nNot well:\n";
  for (const Element reason : reasons) {
    std::string_view sentence;
    if (reason.get(sentence) == simdjson::SUCCESS) text += fmt::format("  {}\n", shown_line(sentence));
  }
  return text;
}

std::string stored_status_json(const std::vector<RelayRows>& relays, Timestamp now) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  writer.key("relays");
  writer.begin_array();
  for (const RelayRows& relay : relays) put_stored_relay(writer, relay, now);
  writer.end_array();
  put_text(writer, "version", version());
  put_nulls(writer, {"uptime_seconds"});
  writer.end_object();
  return json::to_utf8(std::move(text)) + "\n";
}

std::string stored_status_text(const std::vector<RelayRows>& relays, Timestamp now) {
  if (relays.empty()) return "no relay has stored a position here\n";
  std::string text = "As it is stored; whether a relay runs, the URL of its --listen tells.\n\n";
  for (const auto& [name, rows] : relays) {
    const auto finished = std::ranges::count_if(rows, [](const auto& row) { return row.position.ended(); });
    const auto behind = furthest_behind(rows, now);
    text += fmt::format("{}: {} {}, {} finished, {}\n", shown_line(name.str()), rows.size(),
                        rows.size() == 1 ? "shard" : "shards", finished,
                        behind ? "read up to " + observe::human_duration(*behind) + " ago" : "nothing is known of its lag");
  }
  return text + "\n" + positions_text(relays, now);
}

}  // namespace ctk::cli
