// Reading a document in pieces of its own text, for what is to be handed on as it came: simdjson's On Demand API, which
// builds nothing. A document is read once, from front to back; what is skipped is only known to have matching brackets.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "json/reader.h"

namespace ctk::json {

using Piece = simdjson::ondemand::value;
using PieceObject = simdjson::ondemand::object;

/// A reusable parser: one a thread, one live document at a time.
class PieceParser {
 public:
  /// `text` gets kPadding spare capacity where it has less, and must outlive the pieces. `corrupt` where it is no object
  /// or not in UTF-8.
  Result<PieceObject> parse(std::string& text);
  /// Once the document was read: nothing comes behind it.
  bool at_end();

 private:
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
};

bool is_null(Piece value);

/// Calls `each(name, value)` for the members of an object; stops at false. False also where the text breaks off.
template <class Each>
bool for_each_member(PieceObject object, Each each) {
  for (auto field : object) {
    std::string_view name;
    Piece value;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS) return false;
    if (field.value().get(value) != simdjson::SUCCESS || !each(name, value)) return false;
  }
  return true;
}

/// The same for the entries of an array; null is an empty one.
template <class Each>
bool for_each_entry(Piece list, Each each) {
  if (is_null(list)) return true;
  simdjson::ondemand::array array;
  if (list.get_array().get(array) != simdjson::SUCCESS) return false;
  for (auto entry : array) {
    Piece value;
    if (entry.get(value) != simdjson::SUCCESS || !each(value)) return false;
  }
  return true;
}

/// An object's own text; it can be read afterwards from its beginning. Nothing where it is none, or breaks off.
struct ObjectText {
  PieceObject object;
  std::string_view text;
};
std::optional<ObjectText> object_text(Piece value);

std::optional<std::string_view> string_of(Piece value);
std::optional<double> number_of(Piece value);
std::optional<PieceObject> object_of(Piece value);

}  // namespace ctk::json
