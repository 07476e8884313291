#include "check/judge_target.h"

#include <fmt/format.h>

#include <utility>

namespace ctk::check {
namespace {

using enum Verdict;

constexpr uint64_t kLeastBytes = 64u << 20;

Finding failed(std::string check, const Error& error) {
  return {fail, std::move(check), error.peer.empty() ? error.message : fmt::format("{}: {}", error.message, error.peer),
          error.hint};
}

Finding judge_table(const std::optional<Result<sink::TableFit>>& table) {
  if (!table) return {ok, "target table", "its key is not known before the first change"};
  if (!*table) return failed("target table", table->error());
  switch (**table) {
    case sink::TableFit::absent: return {ok, "target table", "not there yet: a run makes it"};
    case sink::TableFit::unfinished: return {ok, "target table", "there, without our columns: a run adds them"};
    case sink::TableFit::fits: break;
  }
  return {ok, "target table", "there, and as it should be"};
}

std::string size_text(uint64_t bytes) {
  constexpr std::pair<uint64_t, const char*> kUnits[] = {{1ull << 30, "GB"}, {1ull << 20, "MB"}, {1ull << 10, "KB"}};
  for (const auto& [unit, name] : kUnits) {
    if (bytes >= unit) return fmt::format("{} {}", bytes / unit, name);
  }
  return fmt::format("{} bytes", bytes);
}

Finding judge_room(const sink::TargetSight& sight, std::optional<uint64_t> table_bytes) {
  const std::string check = "target room";
  if (!sight.free_bytes) return {ok, check, "this target does not say"};
  std::string seen = size_text(*sight.free_bytes) + " free";
  // Rows, their index and the log of the database take about twice what DynamoDB counts.
  const uint64_t wanted = table_bytes.value_or(0) * 2;
  if (*sight.free_bytes < kLeastBytes) return {fail, check, seen, "make room, or name a place that has some"};
  if (*sight.free_bytes < wanted) {
    return {warn, check, fmt::format("{}, and the table has {}", seen, size_text(*table_bytes)),
            fmt::format("have {} free", size_text(wanted))};
  }
  return {ok, check, std::move(seen)};
}

}  // namespace

Findings judge_target(const Result<sink::TargetSight>& sight, const std::string& address,
                      std::optional<uint64_t> table_bytes) {
  if (!sight) {
    Finding finding = failed("target", sight.error());
    if (sight.error().kind == ErrorKind::unreachable && finding.hint.empty())
      finding.hint = "start the server, or give the target's URL the host and port where it listens";
    return {std::move(finding)};
  }
  Findings findings;
  findings.push_back({ok, "target", fmt::format("{} at {}", sight->server, address)});
  findings.push_back(sight->writable ? Finding{ok, "target writes", *sight->writable}
                                     : failed("target writes", sight->writable.error()));
  if (sight->rights) {
    findings.push_back(*sight->rights ? Finding{ok, "target rights", **sight->rights}
                                      : failed("target rights", sight->rights->error()));
  }
  if (sight->log_kept) findings.push_back({warn, "target log", sight->log_kept->message, sight->log_kept->hint});
  findings.push_back(judge_table(sight->table));
  findings.push_back(judge_room(*sight, table_bytes));
  return findings;
}

}  // namespace ctk::check
