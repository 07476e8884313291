// Fuzzes the walk against simdjson's own parser: both take the same documents, but for numbers that the parser has no room
// for and for what lies at the edge of its depth; and both find the same texts in them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "json/reader.h"
#include "json/token_walk.h"

namespace {

using ctk::json::Walk;

void check(bool good) {
  if (!good) std::abort();
}

/// All texts of the value, names among them, in their order.
bool texts_of(Walk& walk, std::vector<std::string>& texts) {
  if (walk.at_pair()) {
    std::string_view name, text;
    if (!walk.take_pair(name, text)) return false;
    texts.emplace_back(name);
    texts.emplace_back(text);
    return true;
  }
  if (walk.head() == '{') {
    return walk.members([&](std::string_view name) {
      texts.emplace_back(name);
      return texts_of(walk, texts);
    });
  }
  if (walk.head() == '[') return walk.elements([&] { return texts_of(walk, texts); });
  Walk::Scalar scalar;
  if (!walk.take_scalar(scalar)) return false;
  if (scalar.kind == Walk::Scalar::Kind::text) texts.emplace_back(scalar.raw);
  return true;
}

void texts_of(ctk::json::Element element, std::vector<std::string>& texts) {
  ctk::json::Object object;
  ctk::json::Array array;
  std::string_view text;
  if (element.get(object) == simdjson::SUCCESS) {
    for (auto [name, value] : object) {
      texts.emplace_back(name);
      texts_of(value, texts);
    }
  } else if (element.get(array) == simdjson::SUCCESS) {
    for (ctk::json::Element value : array) texts_of(value, texts);
  } else if (element.get(text) == simdjson::SUCCESS) {
    texts.emplace_back(text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Walk walk;
  static simdjson::dom::parser parser;
  std::string text(reinterpret_cast<const char*>(data), size);
  text.reserve(size + ctk::json::kPadding);
  std::string plain;
  plain.reserve(size + ctk::json::kPadding);
  plain.resize(size);
  char* room = Walk::has_escapes(text) ? plain.data() : nullptr;

  const bool skipped = walk.begin(text, room) && walk.skip() && walk.complete();
  std::vector<std::string> ours;
  const bool taken = walk.begin(text, room) && texts_of(walk, ours) && walk.complete();
  check(taken == skipped);
  ctk::json::Element document;
  const simdjson::error_code error = parser.parse(text.data(), text.size(), false).get(document);
  if (error == simdjson::NUMBER_ERROR || error == simdjson::DEPTH_ERROR) return 0;
  check(taken == (error == simdjson::SUCCESS));
  if (!taken) return 0;
  std::vector<std::string> theirs;
  texts_of(document, theirs);
  check(ours == theirs);
  return 0;
}
