// Fuzzes the splitter of texts into JSON objects. However the text comes, the pieces are the same; where nothing is too
// long, none of its bytes is lost; what is held is bounded; and what a parser takes as one object is one piece.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "json/reader.h"
#include "json/value_splitter.h"

namespace {

using ctk::json::ValueSplitter;

constexpr size_t kUnbounded = std::string_view::npos;

void check(bool good) {
  if (!good) std::abort();
}

struct Piece {
  ValueSplitter::Kind kind;
  std::string text;
  bool operator==(const Piece&) const = default;
};

std::vector<Piece> split(std::string_view text, size_t gulp, size_t longest) {
  ValueSplitter splitter(longest);
  std::vector<Piece> pieces;
  size_t from = 0, to = std::min(gulp, text.size());
  for (;;) {
    const bool last = to == text.size();
    const ValueSplitter::Step step = splitter.next(text.substr(from, to - from), last);
    check(step.consumed <= to - from);
    if (step.piece) {
      const auto& [kind, begin, end] = *step.piece;
      check(begin < end && end <= std::max(step.consumed, end) && end <= to - from);
      pieces.push_back({kind, std::string(text.substr(from + begin, end - begin))});
    }
    from += step.consumed;
    if (step.piece || step.consumed > 0) continue;
    if (last) return pieces;
    check(longest == kUnbounded || to - from <= longest + gulp);
    to += std::min(gulp, text.size() - to);
  }
}

void append_essence(std::string& into, std::string_view from) {
  for (const char c : from) {
    if (std::string_view(" \t\r\n,[]\x1e\xEF\xBB\xBF").find(c) == std::string_view::npos) into += c;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const size_t gulp = 1 + data[0] % 32, longest = 4 + data[1];
  const std::vector<Piece> whole = split(text, kUnbounded, kUnbounded);
  check(split(text, gulp, kUnbounded) == whole);
  check(split(text, gulp, longest) == split(text, kUnbounded, longest));
  std::string expected, found;
  append_essence(expected, text);
  for (const Piece& piece : whole) append_essence(found, piece.text);
  check(expected == found);
  static ctk::json::Parser parser;
  const auto parsed = parser.parse(text);
  if (parsed && parsed->is_object()) check(whole.size() == 1 && whole[0].kind == ValueSplitter::Kind::object);
  return 0;
}
