#include "source/record_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "json/cut_off.h"
#include "source/read_wait.h"

namespace ctk::source {
namespace {

constexpr size_t kChunk = 256u << 10;
/// Of records, one behind the other.
constexpr size_t kRecordsBlock = 128u << 10;
/// Lines up to this long are looked at as a whole.
constexpr size_t kLongLine = 1u << 20;

/// Whether a text has as many `{` as `}`, wherever they stand. In blocks, which the compiler makes vectors of.
bool is_balanced(std::string_view text) {
  constexpr size_t kBlock = 64;
  ptrdiff_t balance = 0;
  while (text.size() >= kBlock) {
    signed char block = 0;
    for (size_t i = 0; i < kBlock; ++i) block = static_cast<signed char>(block + (text[i] == '{') - (text[i] == '}'));
    balance += block;
    text.remove_prefix(kBlock);
  }
  for (const char c : text) balance += (c == '{') - (c == '}');
  return balance == 0;
}

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  const size_t first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

/// Nearly every line: one object, or several. The decoder knows, and takes several apart in the same way.
bool holds_whole_objects(std::string_view line) {
  return line.size() >= 2 && line.front() == '{' && line.back() == '}' && is_balanced(line);
}

}  // namespace

Result<bool> RecordReader::next(dynamodb::RawRecord& record) {
  while (!take(record)) {
    if (finished_ && splitter_.in_array()) cut_off("an array", 0);
    if (failure_) return std::unexpected(*failure_);
    if (finished_) return false;
    Status filled = fill();
    // A line's end may not come for long: what is whole of it so far is not kept waiting for it.
    if (!filled && !take_line_apart()) return forward_error(std::move(filled));
  }
  return true;
}

/// Has the line that is there so far read piece by piece; false where it is already, or nothing is there.
bool RecordReader::take_line_apart() {
  if (!at_line_begin_ || !splitter_.between() || text().empty()) return false;
  at_line_begin_ = false;
  return true;
}

/// A record of what is there.
bool RecordReader::take(dynamodb::RawRecord& record) {
  waits_ = false;
  while (!waits_) {
    const bool line = at_line_begin_ && splitter_.between();
    if (line ? take_line(record) : take_piece(record)) return true;
  }
  return false;
}

bool RecordReader::take_line(dynamodb::RawRecord& record) {
  const std::string_view all = text();
  const void* newline = all.empty() ? nullptr : std::memchr(all.data(), '\n', std::min(all.size(), kLongLine));
  const bool ends = newline != nullptr;
  const size_t size = ends ? static_cast<size_t>(static_cast<const char*>(newline) - all.data()) : all.size();
  if (!ends && size < kLongLine && !finished_) {
    waits_ = true;
    return false;
  }
  const std::string_view line = trimmed(all.substr(0, size));
  const bool known = ends || (finished_ && !failure_ && size < kLongLine);
  if (!known || (!line.empty() && !holds_whole_objects(line))) {
    at_line_begin_ = false;
    return false;
  }
  if (!line.empty()) give(record, line, line_);
  begin_ += size + (ends ? 1 : 0);
  line_ += ends ? 1 : 0;
  waits_ = !ends;
  return !line.empty();
}

bool RecordReader::take_piece(dynamodb::RawRecord& record) {
  using Kind = json::ValueSplitter::Kind;
  const std::string_view all = text();
  json::ValueSplitter::Step step = splitter_.next(all, false);
  const bool stuck = finished_ && !step.piece && step.consumed == 0;
  if (stuck && take_cut_list(record)) return !record.data.empty();
  if (stuck && !failure_) step = splitter_.next(text(), true);
  waits_ = !step.piece && step.consumed == 0;
  if (!step.piece) {
    pass(step.consumed);
    return false;
  }
  pass(step.piece->begin);
  const uint64_t first_line = line_;
  const std::string_view piece = all.substr(step.piece->begin, step.piece->end - step.piece->begin);
  pass(piece.size());
  give(record, piece, first_line);
  if (step.piece->kind == Kind::too_long) {
    record.refusal = "longer than 32 MB, without an end that is a JSON object's; only its beginning is kept here";
  }
  ++records_;
  pass(step.consumed - step.piece->end);
  return true;
}

/// An object that holds records, and that nothing more comes of: those that are whole. True if it is one.
bool RecordReader::take_cut_list(dynamodb::RawRecord& record) {
  record = {};
  if (!splitter_.in_object()) return false;
  std::string whole(text());
  const auto any_of = [](auto has) { return has("Records") || has("records"); };
  const bool some = any_of([&whole](std::string_view list) { return json::close_cut_list(whole, list); });
  if (!some && !any_of([&whole](std::string_view list) { return json::begins_with_list(whole, list); })) return false;
  const uint64_t first_line = line_;
  pass(text().size());
  splitter_.leave();
  if (some) give(record, whole, first_line);
  cut_off("the list of records", first_line);
  return true;
}

/// The end came where none may be; nothing where the stream's own error says so already.
void RecordReader::cut_off(const char* within, uint64_t first_line) {
  if (failure_) return;
  const std::string where = first_line == 0 ? "" : fmt::format(" that begins on line {}", first_line);
  failure_ = Error{ErrorKind::corrupt, fmt::format("{} was cut off: it ends within {}{}", name_, within, where), "",
                   "what lies before is applied; load it again from a good copy"};
}

/// Records share blocks, those that would leave much of one empty do not.
json::SharedText RecordReader::kept(std::string_view text) {
  if (text.size() > kRecordsBlock / 16) return json::SharedText(text);
  if (!block_.has_room(text.size())) block_ = json::TextBlock(kRecordsBlock);
  return block_.add(text);
}

void RecordReader::give(dynamodb::RawRecord& record, std::string_view text, uint64_t first_line) {
  record = {};
  record.data = kept(text);
  record.first_line = first_line;
  record.line = line_;
  record.value = records_;
  std::string position = std::to_string(line_);
  if (records_ > 0) position += ":" + std::to_string(records_ + 1);
  record.sequence = aws::SequenceNumber(std::move(position));
  record.arrival = kNoTime;
}

/// Goes on behind `count` bytes.
void RecordReader::pass(size_t count) {
  const std::string_view passed = text().substr(0, count);
  if (passed.empty()) return;
  const auto lines = static_cast<uint64_t>(std::ranges::count(passed, '\n'));
  if (lines > 0) records_ = 0;
  line_ += lines;
  at_line_begin_ = passed.back() == '\n';
  begin_ += count;
}

Status RecordReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < end_ + kChunk) buffer_.resize(end_ + kChunk);
  Result<size_t> got = bytes_->read(buffer_.data() + end_, kChunk);
  if (!got && is_nothing_yet(got.error())) return forward_error(std::move(got));
  if (!got) {
    failure_ = std::move(got).error();
    finished_ = true;
    return {};
  }
  end_ += *got;
  finished_ = *got == 0;
  return {};
}

Result<bool> RecordReader::skip_to(const std::string& position) {
  dynamodb::RawRecord record;
  for (;;) {
    Result<bool> more = next(record);
    if (!more || !*more || record.sequence.str() == position) return more;
  }
}

}  // namespace ctk::source
