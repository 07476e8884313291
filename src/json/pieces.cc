#include "json/pieces.h"

namespace ctk::json {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

template <class T, class R>
std::optional<T> value_of(R&& result) {
  T value;
  if (std::forward<R>(result).get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

}  // namespace

Result<PieceObject> PieceParser::parse(std::string& text) {
  text.reserve(text.size() + kPadding);
  PieceObject object;
  simdjson::error_code error = parser_.iterate(text.data(), text.size(), text.capacity()).get(document_);
  if (error == simdjson::SUCCESS) error = document_.get_object().get(object);
  if (error != simdjson::SUCCESS) return fail(ErrorKind::corrupt, "not a JSON object", simdjson::error_message(error));
  return object;
}

bool PieceParser::at_end() {
  const char* next = nullptr;
  return document_.current_location().get(next) == simdjson::OUT_OF_BOUNDS;
}

std::optional<ObjectText> object_text(Piece value) {
  std::optional<PieceObject> object = object_of(value);
  if (!object) return std::nullopt;
  auto text = value_of<std::string_view>(object->raw_json());
  bool again = false;
  if (!text || object->reset().get(again) != simdjson::SUCCESS) return std::nullopt;
  // simdjson's view reaches up to the next token.
  return ObjectText{*object, text->substr(0, text->find_last_not_of(kSpace) + 1)};
}

bool is_null(Piece value) {
  bool null = false;
  return value.is_null().get(null) == simdjson::SUCCESS && null;
}

std::optional<std::string_view> string_of(Piece value) { return value_of<std::string_view>(value.get_string()); }
std::optional<double> number_of(Piece value) { return value_of<double>(value.get_double()); }
std::optional<PieceObject> object_of(Piece value) { return value_of<PieceObject>(value.get_object()); }

}  // namespace ctk::json
