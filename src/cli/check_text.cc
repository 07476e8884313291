#include "cli/check_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/shown_text.h"
#include "json/writer.h"

namespace ctk::cli {
namespace {

std::string_view word_of(check::Verdict verdict) {
  switch (verdict) {
    case check::Verdict::ok: return "ok";
    case check::Verdict::warn: return "warn";
    case check::Verdict::fail: break;
  }
  return "fail";
}

}  // namespace

std::string findings_text(const check::Findings& findings) {
  std::string text;
  for (const check::Finding& finding : findings) {
    text += fmt::format("{} {}: {}", word_of(finding.verdict), finding.check, shown_line(finding.seen));
    if (!finding.hint.empty()) text += fmt::format(" ({})", shown_line(finding.hint));
    text += "\n";
  }
  return text;
}

std::string findings_json(const check::Findings& findings) {
  std::string text;
  json::Writer writer(text);
  writer.begin_array();
  for (const check::Finding& finding : findings) {
    writer.begin_object();
    writer.key("check");
    writer.string(json::to_utf8(finding.check));
    writer.key("result");
    writer.string(word_of(finding.verdict));
    writer.key("says");
    writer.string(json::to_utf8(finding.seen));
    writer.key("hint");
    writer.string(json::to_utf8(finding.hint));
    writer.end_object();
  }
  writer.end_array();
  return text + "\n";
}

bool any_failed(const check::Findings& findings) {
  return std::ranges::find(findings, check::Verdict::fail, &check::Finding::verdict) != findings.end();
}

}  // namespace ctk::cli
