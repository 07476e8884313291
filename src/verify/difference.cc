#include "verify/difference.h"

#include <algorithm>
#include <utility>

#include "json/writer.h"

namespace ctk::verify {

std::string_view to_string(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::missing: return "missing";
    case Difference::Kind::extra: return "extra";
    case Difference::Kind::different: break;
  }
  return "different";
}

std::string row_state(const std::optional<sink::HeldRow>& row, const KeyHash& hash) {
  if (!row) return {};
  std::string state = row->deleted ? "-" : "+";
  if (!row->version.empty()) return state + row->version;
  return state + std::to_string(hash({row->data.value_or(""), row->aux.value_or("")}));
}

Verdict judge(Difference& difference, Look look, Duration now, Duration settle) {
  if (!look.difference) return Verdict::settled;
  const bool moved = difference.row != kUnreadRow && look.row != difference.row;
  const bool old = now - difference.since >= settle;
  difference.kind = *look.difference;
  difference.paths = std::move(look.paths);
  difference.row = std::move(look.row);
  ++difference.looks;
  if (moved) {
    difference.since = now;
    difference.looks = 0;
    return ++difference.moves > kMostMoves ? Verdict::settled : Verdict::again;
  }
  return old ? Verdict::stands : Verdict::again;
}

Duration due_at(const Difference& difference, Duration settle) {
  constexpr int kShares[kMostLooks] = {16, 4, 1};
  return difference.since + settle / kShares[std::min(difference.looks, kMostLooks - 1)];
}

std::string to_json(const Difference& difference) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.key("key");
  out.raw(difference.key);
  out.key("difference");
  out.string(to_string(difference.kind));
  out.key("paths");
  out.begin_array();
  for (const std::string& path : difference.paths) out.string(path);
  out.end_array();
  out.end_object();
  return json::to_utf8(std::move(text));
}

}  // namespace ctk::verify
