#include "cli/top_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "cli/shown_text.h"
#include "cli/status_values.h"
#include "observe/progress.h"

namespace ctk::cli {
namespace {

using json::Element;

constexpr size_t kReasons = 4;
constexpr size_t kReasonLines = 3;  ///< of each, since what is to be mended stands at a sentence's end
constexpr size_t kRelays = 8;       ///< of several, those that have a line
constexpr size_t kLogLines = 6;
constexpr size_t kRelayLines = 4;   ///< of one with its graphs and load
constexpr size_t kLeastShards = 4;  ///< lines for shards, before anything goes below them

struct ShardLine {
  std::string id, state, position;
  double lag = 0;
};

/// Cut to `columns`; never half of a character.
std::string fitted(std::string_view text, size_t columns) {
  std::string line;
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
    line.append(text.substr(at, end - at));
    if (shown_width(line) > columns) {
      line.resize(line.size() - (end - at));
      break;
    }
    at = end;
  }
  return line;
}

std::string padded(std::string_view text, size_t columns) {
  std::string line = fitted(text, columns);
  line.append(columns - std::min(columns, shown_width(line)), ' ');
  return line;
}

/// In lines, parted at blanks where there are any; what the last one has no room for is cut with the screen.
std::vector<std::string> wrapped(std::string text, size_t columns, size_t most) {
  std::vector<std::string> lines;
  while (lines.size() + 1 < most && shown_width(text) > columns) {
    std::string line = fitted(text, columns);
    const size_t blank = line.rfind(' ');
    if (blank != std::string::npos && blank > 2 && text[line.size()] != ' ') line.resize(blank);
    text = "  " + text.substr(std::min(text.find_first_not_of(' ', line.size()), text.size()));
    lines.push_back(std::move(line));
  }
  lines.push_back(std::move(text));
  return lines;
}

/// Column `index` of the points of the last hour.
std::vector<double> history_of(Element relay, size_t index) {
  std::vector<double> values;
  for (const Element point : elements_of(relay, "history")) {
    simdjson::dom::array fields;
    double value = 0;
    if (point.get(fields) == simdjson::SUCCESS && fields.at(index).get(value) == simdjson::SUCCESS) values.push_back(value);
  }
  return values;
}

/// A line of logfmt, without what 80 columns have no room for: 22:45:47Z warn "writing failed" relay=orders. Others stay.
std::string short_log_line(std::string line) {
  constexpr std::string_view kTime = "time=YYYY-MM-DDT", kLevel = " level=", kMessage = " msg=";
  const size_t level = line.find(kLevel), message = line.find(kMessage);
  const bool is_ours = line.starts_with("time=") && level != std::string::npos && message != std::string::npos &&
                       message > level && level >= kTime.size() + 9 && line[kTime.size() - 1] == 'T';
  if (!is_ours) return line;
  const size_t word = level + kLevel.size();
  return fmt::format("{}Z {} {}", line.substr(kTime.size(), 8), line.substr(word, message - word),
                     line.substr(message + kMessage.size()));
}

std::string load_line(Element load, size_t columns) {
  if (was_loaded_before(load)) return "  load complete, before this run";
  const uint64_t items = count_of(load, "items"), expected = count_of(load, "expected_items");
  std::string text = fmt::format("  load {} items", observe::group_digits(items));
  if (!json::bool_member(load, "running").value_or(false)) return text + ", complete";
  if (expected == 0) return text;
  const double share = std::min(1.0, static_cast<double>(items) / static_cast<double>(expected));
  const size_t room = std::min<size_t>(30, columns / 3);
  const auto filled = static_cast<size_t>(share * static_cast<double>(room));
  return text + fmt::format(" of about {} [{}{}] {:.0f} %", observe::group_digits(expected), std::string(filled, '#'),
                            std::string(room - filled, '-'), share * 100);
}

/// "  lag 1.2s ▁▂▅█   1,043/s ▅▆▇   data loss in 23h59m   memory 3.0 MB".
std::string figures_line(Element relay, const TopWishes& wishes, size_t columns) {
  const size_t room = columns > 90 ? 20 : 10;
  const auto rates = json::member(relay, "rates");
  std::string text = fmt::format("  lag {} {}   {}/s {}", duration_of(number_of(relay, "lag_seconds").value_or(0)),
                                 sparkline(history_of(relay, 1), room, wishes.unicode),
                                 observe::group_digits(rates ? count_of(*rates, "changes") : 0),
                                 sparkline(history_of(relay, 2), room, wishes.unicode));
  if (const auto left = number_of(relay, "seconds_to_data_loss"))
    text += fmt::format("   data loss in {}", duration_of(*left));
  return text + fmt::format("   memory {}", observe::human_bytes(count_of(relay, "memory_bytes")));
}

std::vector<ShardLine> shards_of(Element page, const TopWishes& wishes) {
  std::vector<ShardLine> shards;
  const std::vector<Element> relays = elements_of(page, "relays");
  for (const Element relay : relays) {
    const std::string of_relay = relays.size() > 1 ? relay_name_of(relay) + " " : "";
    for (const Element shard : elements_of(relay, "shards")) {
      ShardLine line{of_relay + text_of(shard, "id"), text_of(shard, "state"), text_of(shard, "position"),
                     number_of(shard, "lag_seconds").value_or(0)};
      if (line.state == "finished" && !wishes.shows_finished) continue;
      const bool wanted =
          line.id.find(wishes.filter) != std::string::npos || line.state.find(wishes.filter) != std::string::npos;
      if (wanted) shards.push_back(std::move(line));
    }
  }
  std::ranges::stable_sort(shards, [&](const ShardLine& one, const ShardLine& other) {
    switch (wishes.order) {
      case ShardOrder::id: break;
      case ShardOrder::lag: return std::tuple(-one.lag, one.id) < std::tuple(-other.lag, other.id);
      case ShardOrder::state: return std::tie(one.state, one.id) < std::tie(other.state, other.id);
    }
    return one.id < other.id;
  });
  return shards;
}

std::string shard_line(const ShardLine& shard, size_t columns) {
  const size_t id = columns > 60 ? std::min<size_t>(columns - 36, 60) : columns / 2;
  const std::string lag = shard.state == "reading" || shard.lag > 0 ? duration_of(shard.lag) : "";
  return fmt::format("{} {} {:>8}  {}", padded(shard.id, id), padded(shard.state, 9), lag, shard.position);
}

std::string shard_heading(const TopWishes& wishes, size_t count, size_t columns) {
  const auto marked = [&](const char* name, ShardOrder order) {
    return std::string(name) + (wishes.order == order ? " v" : "");
  };
  const size_t id = columns > 60 ? std::min<size_t>(columns - 36, 60) : columns / 2;
  std::string first = fmt::format("{} SHARDS{}", count, wishes.order == ShardOrder::id ? " v" : "");
  if (!wishes.filter.empty()) first += fmt::format(" with \"{}\"", wishes.filter);
  return fmt::format("{} {} {:>8}  {}", padded(first, id), padded(marked("STATE", ShardOrder::state), 9),
                     marked("LAG", ShardOrder::lag), "POSITION");
}

bool is_healthy(Element relay) { return json::bool_member(relay, "healthy").value_or(false); }

std::string state_line(Element relay) {
  return fmt::format("{}: {}, {}", relay_name_of(relay), text_of(relay, "state"), health_of(relay));
}

LineStyle state_style(Element relay) { return is_healthy(relay) ? LineStyle::good : LineStyle::bad; }

void add_relay(Element relay, const TopWishes& wishes, size_t columns, std::vector<ScreenLine>& lines) {
  lines.push_back({state_line(relay), state_style(relay)});
  lines.push_back({figures_line(relay, wishes, columns)});
  if (const auto totals = json::member(relay, "totals")) {
    lines.push_back({fmt::format(
        "  read {}, applied {}, dead letters {}, gaps {}", observe::group_digits(count_of(*totals, "read")),
        observe::group_digits(count_of(*totals, "applied")), observe::group_digits(count_of(*totals, "dead_letters")),
        observe::group_digits(count_of(*totals, "gaps")))});
  }
  if (const auto load = json::member(relay, "load")) lines.push_back({load_line(*load, columns)});
}

/// A line each; first those that are not well, and of many only the first.
void add_relays(std::vector<Element> relays, std::vector<ScreenLine>& lines) {
  std::ranges::stable_partition(relays, [](Element relay) { return !is_healthy(relay); });
  const size_t shown = std::min(kRelays, relays.size());
  for (size_t i = 0; i < shown; ++i) {
    const auto rates = json::member(relays[i], "rates");
    const auto totals = json::member(relays[i], "totals");
    lines.push_back({fmt::format("{}  lag {}  {}/s  dead letters {}", state_line(relays[i]),
                                 duration_of(number_of(relays[i], "lag_seconds").value_or(0)),
                                 observe::group_digits(rates ? count_of(*rates, "changes") : 0),
                                 observe::group_digits(totals ? count_of(*totals, "dead_letters") : 0)),
                     state_style(relays[i])});
  }
  if (shown == relays.size()) return;
  const auto unwell = std::count_if(relays.begin() + static_cast<ptrdiff_t>(shown), relays.end(),
                                    [](Element relay) { return !is_healthy(relay); });
  lines.push_back({fmt::format("and {} relays more, {}", relays.size() - shown,
                               unwell == 0 ? "all healthy" : fmt::format("{} NOT healthy", unwell)),
                   unwell == 0 ? LineStyle::good : LineStyle::bad});
}

void add_head(Element page, const TopWishes& wishes, size_t rows, size_t columns, std::vector<ScreenLine>& lines) {
  const std::vector<Element> reasons = elements_of(page, "reasons");
  const bool well = reasons.empty();
  lines.push_back(
      {padded(fmt::format("ctk {}  up {}  {}", text_of(page, "version"),
                          duration_of(number_of(page, "uptime_seconds").value_or(0)), well ? "all is well" : "NOT WELL"),
              columns),
       LineStyle::bar});
  for (size_t i = 0; i < std::min(kReasons, reasons.size()); ++i) {
    std::string_view sentence;
    if (reasons[i].get(sentence) != simdjson::SUCCESS) continue;
    for (std::string& line : wrapped("! " + one_line(sentence), columns, kReasonLines))
      lines.push_back({std::move(line), LineStyle::bad});
  }
  const std::vector<Element> relays = elements_of(page, "relays");
  const bool has_room = relays.size() == 1 || relays.size() * kRelayLines <= rows / 3;
  if (!has_room) return add_relays(relays, lines);
  for (const Element relay : relays) add_relay(relay, wishes, columns, lines);
}

std::vector<ScreenLine> tail_of(Element page) {
  std::vector<ScreenLine> lines;
  for (const Element relay : elements_of(page, "relays")) {
    const std::vector<Element> letters = elements_of(relay, "dead_letters");
    if (letters.empty()) continue;
    lines.push_back(
        {fmt::format("last dead letter: {}: {}", text_of(letters.back(), "key"), text_of(letters.back(), "reason")),
         LineStyle::bad});
  }
  const std::vector<Element> log = elements_of(page, "log");
  for (size_t i = log.size() - std::min(kLogLines, log.size()); i < log.size(); ++i) {
    const bool calm = json::string_member(log[i], "level") == "info";
    lines.push_back({short_log_line(text_of(log[i], "text")), calm ? LineStyle::quiet : LineStyle::bad});
  }
  return lines;
}

}  // namespace

std::string sparkline(const std::vector<double>& values, size_t columns, bool unicode) {
  static constexpr std::array<std::string_view, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array<std::string_view, 8> kAscii = {"_", ".", ":", "-", "=", "+", "*", "#"};
  if (values.empty() || columns == 0) return "";
  const double most = std::max(1e-9, std::ranges::max(values));
  const size_t bars = std::min(columns, values.size());
  std::string line;
  for (size_t bar = 0; bar < bars; ++bar) {
    const auto begin = values.begin() + static_cast<ptrdiff_t>(bar * values.size() / bars);
    const auto end = values.begin() + static_cast<ptrdiff_t>((bar + 1) * values.size() / bars);
    const double highest = std::clamp(*std::max_element(begin, end) / most, 0.0, 1.0);
    const auto level = std::min<size_t>(7, static_cast<size_t>(highest * 8));
    line += unicode ? kBlocks[level] : kAscii[level];
  }
  return line;
}

Result<TopScreen> top_screen(std::string_view page, const TopWishes& wishes, const TopFooter& footer, size_t rows,
                             size_t columns) {
  json::Parser parser;
  const auto parsed = parser.parse(page);
  if (!parsed) return std::unexpected(parsed.error());
  if (!json::member(*parsed, "relays")) return fail(ErrorKind::corrupt, "the answer is no status of ctk's");
  TopScreen screen;
  add_head(*parsed, wishes, rows, columns, screen.lines);
  const std::vector<ShardLine> shards = shards_of(*parsed, wishes);
  screen.shards = shards.size();
  screen.lines.push_back({padded(shard_heading(wishes, shards.size(), columns), columns), LineStyle::bar});
  std::vector<ScreenLine> tail = wishes.shows_log ? tail_of(*parsed) : std::vector<ScreenLine>{};
  const size_t above = screen.lines.size() + 1;  // and the footer
  const size_t room = rows > above ? rows - above : 0;
  const size_t kept = room > kLeastShards ? std::min(tail.size(), room - kLeastShards) : 0;
  tail.erase(tail.begin(), tail.end() - static_cast<ptrdiff_t>(kept));
  screen.shown_shards = std::min(shards.size() - std::min(shards.size(), wishes.scrolled), room - kept);
  for (size_t i = 0; i < room - kept; ++i) {
    const bool has_one = i < screen.shown_shards;
    screen.lines.push_back({has_one ? shard_line(shards[wishes.scrolled + i], columns) : ""});
  }
  screen.lines.insert(screen.lines.end(), tail.begin(), tail.end());
  if (screen.lines.size() >= rows && rows > 0) screen.lines.resize(rows - 1);
  screen.lines.push_back({footer.text, footer.is_bad ? LineStyle::bad : LineStyle::quiet});
  for (ScreenLine& line : screen.lines) line.text = fitted(line.text, columns);
  return screen;
}

}  // namespace ctk::cli
