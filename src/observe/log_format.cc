#include "observe/log_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "json/writer.h"

namespace ctk::observe {
namespace {

constexpr size_t kShortestSecret = 8;
constexpr size_t kShortestMember = 4;
constexpr size_t kShortestPair = 3;

/// Whether it can be hidden without hiding parts of ordinary words: a URL's "user:secret" and a "name=secret" are none,
/// however short they are.
bool can_be_hidden(std::string_view secret) {
  if (secret.size() >= kShortestSecret) return true;
  const auto holds_inside = [&](char sign) { return secret.find(sign) < secret.size() - 1; };
  return (secret.size() >= kShortestMember && holds_inside('=')) || (secret.size() >= kShortestPair && holds_inside(':'));
}

/// How many bytes at `at` are a character that terminals obey and JSON leaves as it is: none below DEL. And which it is.
std::pair<size_t, unsigned> obeyed_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  if (byte(0) == 0x7f) return {1, 0x7f};
  const auto if_obeyed = [](size_t bytes, unsigned code) {
    return is_obeyed_by_terminals(code) ? std::pair(bytes, code) : std::pair(size_t{0}, 0U);
  };
  if (byte(0) == 0xc2 && byte(1) >= 0x80) return if_obeyed(2, byte(1));
  if (byte(0) != 0xe2 || (byte(1) != 0x80 && byte(1) != 0x81) || byte(2) < 0x80) return {0, 0};
  return if_obeyed(3, 0x2000 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f));
}

/// Such characters as JSON escapes them; they stand in strings only.
std::string with_obeyed_escaped(std::string line) {
  std::string shown;
  for (size_t at = 0; at < line.size();) {
    const auto [bytes, code] = obeyed_at(line, at);
    if (bytes > 0) shown += fmt::format("\\u{:04x}", code);
    if (bytes == 0) shown += line[at];
    at += std::max<size_t>(bytes, 1);
  }
  return shown;
}

/// As it stands within the quotes of a log line, or of JSON.
Secret as_quoted(const Secret& secret) {
  std::string text;
  json::append_string(text, secret.reveal());
  return Secret(with_obeyed_escaped(text.substr(1, text.size() - 2)));
}

bool is_bare(std::string_view text) {
  if (text.empty()) return false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (obeyed_at(text, at).first > 0) return false;
  }
  return std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c != '"' && c != '=' && c != '\\'; });
}

void append_logfmt_value(std::string& out, std::string_view text) {
  if (is_bare(text)) {
    out += text;
  } else {
    json::append_string(out, text);
  }
}

/// Keys of logfmt hold no blanks, quotes or equals signs.
void append_logfmt_key(std::string& out, std::string_view key) {
  for (const char c : key) out += (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=') ? '_' : c;
}

/// A field never takes the place of the line's own members.
std::string field_key(std::string_view key) {
  std::string name(key);
  if (key == "time" || key == "level" || key == "msg") name += '_';
  return name;
}

std::string_view color_of(LogLevel level) {
  switch (level) {
    case LogLevel::error: return "\x1b[31m";
    case LogLevel::warn: return "\x1b[33m";
    case LogLevel::info: return "\x1b[32m";
    case LogLevel::debug: return "\x1b[2m";
  }
  return "";
}

std::string format_logfmt(bool color, Timestamp time, LogLevel level, std::string_view message,
                          std::span<const LogField> fields) {
  std::string line = fmt::format("time={} ", format_iso8601(time));
  if (color) line += color_of(level);
  line += fmt::format("level={}", to_string(level));
  if (color) line += "\x1b[0m";
  line += " msg=";
  append_logfmt_value(line, message);
  for (const LogField& field : fields) {
    line += ' ';
    append_logfmt_key(line, field_key(field.key));
    line += '=';
    append_logfmt_value(line, field.value);
  }
  return line;
}

std::string format_json(Timestamp time, LogLevel level, std::string_view message, std::span<const LogField> fields) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object();
  writer.key("time");
  writer.string(format_iso8601(time));
  writer.key("level");
  writer.string(to_string(level));
  writer.key("msg");
  writer.string(message);
  for (const LogField& field : fields) {
    writer.key(field_key(field.key));
    writer.string(field.value);
  }
  writer.end_object();
  return json::to_utf8(std::move(line));
}

}  // namespace

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::error: return "error";
    case LogLevel::warn: return "warn";
    case LogLevel::info: return "info";
    case LogLevel::debug: return "debug";
  }
  return "unknown";
}

std::string format_event(LogFormat format, bool color, Timestamp time, LogLevel level, std::string_view message,
                         std::span<const LogField> fields) {
  return with_obeyed_escaped(format == LogFormat::json ? format_json(time, level, message, fields)
                                                       : format_logfmt(color, time, level, message, fields));
}

Redactor::Redactor(const std::vector<Secret>& secrets) : known_(std::make_shared<Known>()) { learn(secrets); }

void Redactor::learn(const std::vector<Secret>& secrets) {
  const std::lock_guard lock(known_->mutex);
  for (const Secret& secret : secrets) {
    if (!can_be_hidden(secret.reveal())) continue;
    for (const Secret& spelled : {secret, as_quoted(secret)}) {
      const bool is_new = std::ranges::find(known_->secrets, spelled) == known_->secrets.end();
      if (is_new) known_->secrets.push_back(spelled);
    }
  }
  // The longest first: one secret may be the beginning of another.
  std::ranges::sort(known_->secrets, std::greater{}, [](const Secret& secret) { return secret.reveal().size(); });
}

std::string Redactor::redact(std::string text) const {
  const std::lock_guard lock(known_->mutex);
  for (const Secret& secret : known_->secrets) {
    const std::string& hidden = secret.reveal();
    for (size_t at = text.find(hidden); at != std::string::npos; at = text.find(hidden, at + 3)) {
      text.replace(at, hidden.size(), "***");
    }
  }
  return text;
}

}  // namespace ctk::observe
