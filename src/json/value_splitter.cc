#include "json/value_splitter.h"

#include <algorithm>

namespace ctk::json {
namespace {

constexpr size_t kNone = std::string_view::npos;
/// Of what is too long, as much is kept.
constexpr size_t kKept = 64u << 10;
/// As much of a line may stand before the `{` at which the text recovers.
constexpr size_t kLongestBegin = 4096;
constexpr std::string_view kMark = "\xEF\xBB\xBF";
constexpr std::string_view kBlanks = " \t";

bool is_separator(char c) { return c == ' ' || c == '\t' || c == '\r' || c == ',' || c == '[' || c == ']' || c == '\x1e'; }

size_t trimmed(std::string_view text, std::string_view what) {
  const size_t last = text.find_last_not_of(what);
  return last == kNone ? 0 : last + 1;
}

/// A place at which the text recovers, or from where on to look again once there is more of it.
struct Recovery {
  size_t object = kNone;  ///< its `{`
  size_t again = 0;       ///< the end of the line before it, or of the last line that is there
};

/// Looks at the lines that begin behind `from`; at `most` bytes of each at the most.
Recovery find_recovery(std::string_view text, size_t from, size_t indent, size_t most) {
  Recovery found;
  for (size_t end = text.find('\n', from); end != kNone; end = text.find('\n', end + 1)) {
    const size_t line = end + 1;
    const size_t first = std::min(text.find_first_not_of(kBlanks, line), text.size());
    const size_t object = std::min(text.find_first_not_of(" \t,[]}", first), text.size());
    if (first - line > indent || object - line > most) continue;
    if (object < text.size() && text[object] != '{') continue;
    found.again = end;
    if (object < text.size()) found.object = object;
    return found;
  }
  found.again = text.size();
  return found;
}

/// At most `most` bytes, whole characters where it is UTF-8.
size_t kept_of(std::string_view text, size_t most) {
  constexpr size_t kLongestCharacter = 4;
  if (text.size() <= most) return text.size();
  for (size_t end = most; end > 0 && end + kLongestCharacter > most; --end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0) != 0x80) return end;
  }
  return most;
}

}  // namespace

ValueSplitter::Step ValueSplitter::next(std::string_view text, bool last) {
  size_t consumed = 0;
  for (;;) {
    const Place before = place_;
    Step step;
    switch (place_) {
      case Place::between: step = step_between(text, last); break;
      case Place::object: step = step_object(text, last); break;
      case Place::broken: step = step_broken(text, last); break;
      case Place::passing: step = step_passing(text, last); break;
      case Place::line: step = step_line(text, last); break;
      case Place::passing_line: step = step_passing_line(text); break;
    }
    text.remove_prefix(step.consumed);
    if (step.piece) {
      step.piece->begin += consumed;
      step.piece->end += consumed;
    }
    step.consumed += consumed;
    consumed = step.consumed;
    if (step.piece || place_ == before) return step;
  }
}

ValueSplitter::Step ValueSplitter::step_between(std::string_view text, bool last) {
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n') {
      line_begins_ = true;
      line_indent_ = 0;
      return {{}, at + 1};
    }
    if (line_begins_ && kBlanks.find(c) != kNone) {
      ++line_indent_;
      continue;
    }
    if (is_separator(c)) {
      line_begins_ = false;
      if (c == '[') ++arrays_;
      if (c == ']' && arrays_ > 0) --arrays_;
      continue;
    }
    if (c == kMark[0]) {
      const std::string_view mark = text.substr(at, kMark.size());
      if (mark.size() < kMark.size() && kMark.starts_with(mark) && !last) return {{}, at};
      if (mark == kMark) {
        at += kMark.size() - 1;
        continue;
      }
    }
    line_begins_ = false;
    indent_ = line_indent_;
    seen_ = 0;
    place_ = c == '{' ? Place::object : Place::line;
    scanner_.begin();
    return {{}, at};
  }
  return {{}, text.size()};
}

ValueSplitter::Step ValueSplitter::step_object(std::string_view text, bool last) {
  const ValueScanner::Progress progress = scanner_.feed(text.substr(seen_));
  seen_ += progress.used;
  if (progress.state == ValueScanner::State::complete && seen_ <= longest_) {
    place_ = Place::between;
    note_line(text.substr(0, seen_));
    return {Piece{Kind::object, 0, seen_}, seen_};
  }
  const bool good = progress.state == ValueScanner::State::open && seen_ <= longest_ && !last;
  if (good) return {};
  place_ = Place::broken;
  seen_ = 0;
  return {};
}

ValueSplitter::Step ValueSplitter::step_broken(std::string_view text, bool last) {
  const Recovery recovery = find_recovery(text, seen_, indent_, longest_begin());
  if (recovery.object == kNone && !last) {
    seen_ = recovery.again;
    if (text.size() <= longest_) return {};
    place_ = Place::passing;
    return {first_part(text), recovery.again};
  }
  const size_t consumed = recovery.object == kNone ? text.size() : recovery.object;
  place_ = Place::between;
  if (recovery.object != kNone) arrays_ = 0;
  note_line(text.substr(0, consumed));
  if (consumed > longest_) return {first_part(text), consumed};
  std::string_view piece = text.substr(0, consumed);
  // "}, {": the bracket is the broken object's own.
  const bool shares_line = recovery.object != kNone && piece.find('}', recovery.again) != kNone;
  if (recovery.object != kNone && !shares_line) piece = piece.substr(0, recovery.again);
  return {Piece{Kind::broken, 0, trimmed(piece, shares_line ? " \t,[" : " \t\r\n")}, consumed};
}

size_t ValueSplitter::longest_begin() const { return std::min(kLongestBegin, longest_); }

ValueSplitter::Piece ValueSplitter::first_part(std::string_view text) const {
  return {Kind::too_long, 0, kept_of(text, std::min(kKept, longest_))};
}

ValueSplitter::Step ValueSplitter::step_passing(std::string_view text, bool last) {
  const Recovery recovery = find_recovery(text, 0, indent_, longest_begin());
  if (recovery.object == kNone && !last) return {{}, recovery.again};
  const size_t consumed = recovery.object == kNone ? text.size() : recovery.object;
  place_ = Place::between;
  if (recovery.object != kNone) arrays_ = 0;
  note_line(text.substr(0, consumed));
  return {{}, consumed};
}

ValueSplitter::Step ValueSplitter::step_line(std::string_view text, bool last) {
  arrays_ = 0;
  const size_t end = text.find('\n', seen_);
  seen_ = text.size();
  if (end == kNone && !last) {
    if (text.size() <= longest_) return {};
    place_ = Place::passing_line;
    return {first_part(text), text.size()};
  }
  const size_t consumed = end == kNone ? text.size() : end;
  place_ = Place::between;
  if (consumed > longest_) return {first_part(text), consumed};
  return {Piece{Kind::broken, 0, trimmed(text.substr(0, consumed), " \t\r")}, consumed};
}

ValueSplitter::Step ValueSplitter::step_passing_line(std::string_view text) {
  const size_t end = text.find('\n');
  if (end == kNone) return {{}, text.size()};
  place_ = Place::between;
  return {{}, end};
}

/// What the line that is being read begins with, once `passed` has been consumed.
void ValueSplitter::note_line(std::string_view passed) {
  const size_t end = passed.rfind('\n');
  if (end == kNone) return;
  const std::string_view line = passed.substr(end + 1);
  const size_t first = line.find_first_not_of(kBlanks);
  line_begins_ = first == kNone;
  line_indent_ = line_begins_ ? line.size() : first;
}

}  // namespace ctk::json
