// Reading JSON: simdjson's DOM, behind one place that owns parser, padding and UTF-8 checks.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "json/padding.h"

namespace ctk::json {

using Element = simdjson::dom::element;
using Object = simdjson::dom::object;
using Array = simdjson::dom::array;

static_assert(kPadding >= simdjson::SIMDJSON_PADDING);

/// A reusable parser: one a thread, one live document at a time. Elements die at the next parse.
class Parser {
 public:
  /// Parses a copy. A text that is not one JSON document in valid UTF-8 (lone surrogate escapes included) is `corrupt`.
  Result<Element> parse(std::string_view text);
  /// Parses in place; `text` must have kPadding readable bytes behind it (a std::string with that spare capacity has).
  Result<Element> parse_padded(std::string_view text);

 private:
  simdjson::dom::parser parser_;
};

/// The member `name` of an object; nothing where it is missing, null, or `element` is no object.
std::optional<Element> member(Element element, std::string_view name);
std::optional<std::string_view> string_member(Element element, std::string_view name);
std::optional<int64_t> int_member(Element element, std::string_view name);
std::optional<bool> bool_member(Element element, std::string_view name);

/// Strict standard base64 with padding; nothing where the text is not exactly that.
std::optional<std::string> decode_base64(std::string_view text);
/// The same, appended to `out`; false (and `out` unchanged) where the text is not base64.
bool append_decoded_base64(std::string& out, std::string_view text);

}  // namespace ctk::json
