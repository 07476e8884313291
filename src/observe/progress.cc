#include "observe/progress.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "json/writer.h"

namespace ctk::observe {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string in_parentheses(const std::string& text) { return text.empty() ? "" : " (" + text + ")"; }

}  // namespace

std::string group_digits(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string human_bytes(uint64_t bytes) {
  static constexpr std::array kUnits = {"B", "KB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string human_duration(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds < 0) return "0.0s";
  if (seconds < 60) return fmt::format("{:.1f}s", to_seconds(duration));
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d{:02}h", seconds / 86400, seconds / 3600 % 24);
}

uint64_t rate_of(uint64_t now, uint64_t before, Duration between) {
  const double seconds = to_seconds(between);
  if (seconds <= 0 || now < before) return 0;
  return static_cast<uint64_t>(std::llround(static_cast<double>(now - before) / seconds));
}

std::string load_text(const ProgressSample& sample) {
  if (!sample.now.load || !sample.now.load->running) return "";
  const relay::LoadProgress& load = *sample.now.load;
  const uint64_t items = load.items_before + load.items;
  std::string text = fmt::format("load {}", group_digits(items));
  if (load.expected_items > 0) text += fmt::format(" of about {}", group_digits(load.expected_items));
  text += fmt::format(" items, {}", human_bytes(load.bytes));
  const double seconds = to_seconds(sample.since_before);
  if (seconds <= 0 || load.items <= sample.loaded_before) return text;
  const double rate = static_cast<double>(load.items - sample.loaded_before) / seconds;
  text += fmt::format(", {}/s", group_digits(static_cast<uint64_t>(std::llround(rate))));
  const bool earlier_part_is_unknown = load.resumed && load.items_before == 0;
  if (earlier_part_is_unknown || load.expected_items <= items) return text;
  const double left = static_cast<double>(load.expected_items - items) / rate;
  return text + fmt::format(", {} left", human_duration(Duration(static_cast<int64_t>(left * 1e6))));
}

namespace {

std::string live_line(const ProgressSample& sample) {
  const relay::RelayStats& now = sample.now;
  std::string line = fmt::format("{} changes  {}/s  lag {}  shards {}", group_digits(now.counts.read),
                                 group_digits(sample.rate()), human_duration(now.lag), now.shards_reading);
  if (now.shards_waiting > 0) line += fmt::format(" (+{} waiting)", now.shards_waiting);
  if (const std::string load = load_text(sample); !load.empty()) line = load + "  " + line;
  if (now.until_data_loss) line += fmt::format("  data loss in {}", human_duration(*now.until_data_loss));
  line += fmt::format("  dead letters {}", now.counts.dead_letters);
  if (now.counts.gaps > 0) line += fmt::format("  gaps {}", now.counts.gaps);
  if (!now.outage.empty()) line += "  waiting: " + now.outage;
  return line;
}

std::vector<LogField> log_fields(const ProgressSample& sample) {
  const relay::RelayStats& now = sample.now;
  std::vector<LogField> fields = {{"read", now.counts.read},
                                  {"applied", now.counts.applied},
                                  {"rate", sample.rate()},
                                  {"lag_seconds", std::chrono::duration_cast<std::chrono::seconds>(now.lag).count()},
                                  {"shards", now.shards_reading},
                                  {"shards_waiting", now.shards_waiting},
                                  {"dead_letters", now.counts.dead_letters}};
  if (now.until_data_loss) {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(*now.until_data_loss);
    fields.emplace_back("seconds_to_data_loss", left.count());
  }
  if (const std::string load = load_text(sample); !load.empty()) {
    fields.emplace_back("loaded_items", now.load->items_before + now.load->items);
    fields.emplace_back("loaded_bytes", now.load->bytes);
    fields.emplace_back("load", load);
  }
  if (now.counts.gaps > 0) fields.emplace_back("gaps", now.counts.gaps);
  if (!now.outage.empty()) fields.emplace_back("trouble", now.outage);
  return fields;
}

}  // namespace

ProgressText progress_text(const ProgressSample& sample) { return {live_line(sample), "progress", log_fields(sample)}; }

std::string summary_line(std::string_view verb, const relay::RelayStats& stats, bool live_view) {
  std::string line = fmt::format("{}: read {}, applied {}", verb, stats.counts.read, stats.counts.applied);
  if (stats.counts.filtered > 0) line += fmt::format(", filtered {}", stats.counts.filtered);
  if (stats.counts.filtered > 0 && !stats.filtered_table.empty())
    line += fmt::format(" (of other tables, such as '{}')", stats.filtered_table);
  if (stats.counts.stale) line += fmt::format(", stale {}", *stats.counts.stale);
  line += fmt::format(", deleted {}, dead letters {}", stats.counts.deleted, stats.counts.dead_letters);
  if (stats.counts.gaps > 0) line += fmt::format(", gaps {}", stats.counts.gaps);
  line += fmt::format(", shards {}, {} in {:.1f} s", stats.counts.shards, human_bytes(stats.counts.bytes), stats.seconds);
  if (stats.living && stats.tombstones.value_or(0) > 0) {
    const std::string living = live_view ? in_parentheses(joined(stats.views)) : "";
    line += fmt::format("; {} living{}, {} marked{}", *stats.living, living, *stats.tombstones,
                        in_parentheses(joined(stats.tables)));
  }
  if (stats.counts.applied > 0 && stats.counts.stale == stats.counts.applied)
    line += "; nothing was new: the rows were as late already, or later";
  if (stats.load && stats.load->running) line += "; the load is not complete";
  if (stats.changes_only_since) {
    line += fmt::format("; changes only since {}: add snapshot=initial for the whole table", *stats.changes_only_since);
  }
  return line;
}

std::string dead_letters_line(const relay::RelayStats& stats, const std::string& where) {
  if (stats.counts.dead_letters == 0) return "";
  std::string line = fmt::format("{} dead letter{}", stats.counts.dead_letters, stats.counts.dead_letters == 1 ? "" : "s");
  if (!stats.commonest_reason.empty()) {
    line += fmt::format("{}{}", stats.counts.dead_letters == 1 ? ": " : ", most often: ", stats.commonest_reason);
  }
  return line + "; " + where;
}

std::string nothing_matched_line(const relay::RelayStats& stats) {
  if (stats.filtered_table.empty() || stats.counts.filtered < stats.counts.read) return "";
  return fmt::format(
      "source-table matches nothing: {} of other tables, such as '{}'",
      stats.counts.filtered == 1 ? "the only change is" : fmt::format("all {} changes are", stats.counts.filtered),
      stats.filtered_table);
}

std::string summary_json(const relay::RelayStats& stats) {
  std::string line;
  json::Writer writer(line);
  const auto count = [&](std::string_view name, uint64_t value) {
    writer.key(name);
    writer.number(std::to_string(value));
  };
  const auto count_or_null = [&](std::string_view name, const std::optional<uint64_t>& value) {
    if (value) return count(name, *value);
    writer.key(name);
    writer.null();
  };
  writer.begin_object();
  count("read", stats.counts.read);
  count("applied", stats.counts.applied);
  count("filtered", stats.counts.filtered);
  count_or_null("stale", stats.counts.stale);
  count("deleted", stats.counts.deleted);
  count_or_null("marked", stats.tombstones);
  count("dead_letters", stats.counts.dead_letters);
  count("gaps", stats.counts.gaps);
  count("shards", stats.counts.shards);
  count("bytes", stats.counts.bytes);
  writer.key("seconds");
  writer.number(fmt::format("{:.3f}", stats.seconds));
  writer.end_object();
  return line;
}

std::function<ProgressText()> relay_progress(std::function<relay::RelayStats()> stats, Clock& clock) {
  struct Before {
    uint64_t read = 0, loaded = 0;
    Duration at{};
  };
  return [stats = std::move(stats), &clock, before = Before{.at = clock.monotonic()}]() mutable {
    const Duration now = clock.monotonic();
    const ProgressSample sample{stats(), before.read, now - before.at, before.loaded};
    before.read = sample.now.counts.read;
    if (sample.now.load) before.loaded = sample.now.load->items;
    before.at = now;
    return progress_text(sample);
  };
}

}  // namespace ctk::observe
