// For tests: an item put together again from `data` and `aux`, in one comparable spelling, by a reader of its own that
// shares nothing with the code under test.
#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/optional_text.h"
#include "dynamodb/number.h"
#include "json/reader.h"
#include "json/writer.h"

namespace ctk::table::testing {

struct JsonMember;

/// JSON with its numbers as text.
struct Json {
  enum class Kind { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  std::string text;  ///< string, number's digits, "true", "false"
  std::vector<Json> items;
  std::vector<JsonMember> members;

  Json* find(std::string_view name);
};

struct JsonMember {
  std::string name;
  Json value;
};

inline Json* Json::find(std::string_view name) {
  for (auto& [member, value] : members) {
    if (member == name) return &value;
  }
  return nullptr;
}

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  Json read() {
    Json value = read_value();
    if (at_ != text_.size()) throw std::runtime_error("text after the end: " + std::string(text_));
    return value;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void expect(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) throw std::runtime_error("malformed JSON: " + std::string(text_));
    at_ += word.size();
  }

  Json read_value() {
    Json value;
    switch (peek()) {
      case '{': return read_object();
      case '[': return read_array();
      case '"': value.kind = Json::Kind::string; break;
      case 'n': expect("null"); return value;
      case 't': expect("true"); return {Json::Kind::boolean, "true", {}, {}};
      case 'f': expect("false"); return {Json::Kind::boolean, "false", {}, {}};
      default: return read_number();
    }
    value.text = read_string();
    return value;
  }

  Json read_object() {
    Json value{Json::Kind::object, "", {}, {}};
    expect("{");
    while (peek() != '}') {
      if (!value.members.empty()) expect(",");
      std::string name = read_string();
      expect(":");
      if (value.find(name) != nullptr) throw std::runtime_error("a member twice: " + std::string(text_));
      value.members.push_back({std::move(name), read_value()});
    }
    ++at_;
    return value;
  }

  Json read_array() {
    Json value{Json::Kind::array, "", {}, {}};
    expect("[");
    while (peek() != ']') {
      if (!value.items.empty()) expect(",");
      value.items.push_back(read_value());
    }
    ++at_;
    return value;
  }

  Json read_number() {
    const size_t begin = at_;
    while (peek() == '-' || peek() == '+' || peek() == '.' || peek() == 'e' || peek() == 'E' ||
           (peek() >= '0' && peek() <= '9')) {
      ++at_;
    }
    const std::string digits(text_.substr(begin, at_ - begin));
    // JSON knows no plus sign in front, no leading zeros and no bare point.
    const std::string_view whole = std::string_view(digits).substr(digits.starts_with('-') ? 1 : 0);
    const bool json = !whole.empty() && whole[0] >= '0' && whole[0] <= '9' && whole.back() >= '0' &&
                      !(whole.size() > 1 && whole[0] == '0' && whole[1] >= '0' && whole[1] <= '9');
    if (!json || !dynamodb::is_number(digits)) throw std::runtime_error("malformed number: " + std::string(text_));
    return {Json::Kind::number, digits, {}, {}};
  }

  std::string read_string() {
    expect("\"");
    std::string value;
    while (peek() != '"') {
      if (at_ >= text_.size()) throw std::runtime_error("an open string");
      value += text_[at_] == '\\' ? read_escape() : text_[at_++];
    }
    ++at_;
    return value;
  }

  /// Our writer escapes below U+0080 only.
  char read_escape() {
    const char c = text_[at_ + 1];
    at_ += 2;
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case 'b': return '\b';
      case 'f': return '\f';
      case 'u': at_ += 4; return static_cast<char>(std::stoi(std::string(text_.substr(at_ - 4, 4)), nullptr, 16));
      default: return c;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

inline Json parse_json(std::string_view text) { return JsonReader(text).read(); }

/// One spelling for one value: members sorted, numbers canonical.
inline std::string spelling(const Json& value) {
  std::string out;
  switch (value.kind) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return value.text;
    case Json::Kind::number: return dynamodb::canonical_number(value.text);
    case Json::Kind::string: json::append_string(out, value.text); return out;
    case Json::Kind::array:
      for (const Json& item : value.items) out += (out.empty() ? "" : ",") + spelling(item);
      return "[" + out + "]";
    case Json::Kind::object: break;
  }
  std::vector<JsonMember> sorted = value.members;
  std::sort(sorted.begin(), sorted.end(),
            [](const JsonMember& left, const JsonMember& right) { return left.name < right.name; });
  for (const auto& [name, member] : sorted) {
    if (!out.empty()) out += ',';
    json::append_string(out, name);
    out += ":" + spelling(member);
  }
  return "{" + out + "}";
}

/// The plain form of a typed value, by interface's words: sets in numeric or bytewise order, binary as base64.
inline Json plain_of(const Json& typed) {
  const auto& [tag, content] = typed.members.at(0);
  Json value = content;
  if (tag == "S" || tag == "B" || tag == "BOOL") return value;
  if (tag == "NULL") return Json{};
  if (tag == "N") return {Json::Kind::number, dynamodb::json_number(content.text), {}, {}};
  if (tag == "L") {
    for (Json& item : value.items) item = plain_of(item);
    return value;
  }
  if (tag == "M") {
    for (auto& [name, member] : value.members) member = plain_of(member);
    return value;
  }
  const auto before = [&](const Json& left, const Json& right) {
    if (tag == "NS") return dynamodb::compare_numbers(left.text, right.text) < 0;
    if (tag == "BS") return *json::decode_base64(left.text) < *json::decode_base64(right.text);
    return left.text < right.text;
  };
  std::stable_sort(value.items.begin(), value.items.end(), before);
  for (Json& item : value.items) {
    if (tag == "NS") item = {Json::Kind::number, dynamodb::json_number(item.text), {}, {}};
  }
  return value;
}

/// A whole item in typed JSON, as its plain form.
inline Json plain_item(const Json& item) {
  Json value = item;
  for (auto& [name, member] : value.members) member = plain_of(member);
  return value;
}

inline bool is_typed_map(const Json& typed) { return typed.members.size() == 1 && typed.members[0].name == "M"; }

/// Lays `aux` over plain `data`: a map is entered where both have it, anything else is set.
inline void overlay_plain(Json& data, const Json& aux) {
  for (const auto& [name, typed] : aux.members) {
    Json* there = data.find(name);
    if (there == nullptr) {
      data.members.push_back({name, plain_of(typed)});
    } else if (is_typed_map(typed) && there->kind == Json::Kind::object) {
      overlay_plain(*there, typed.members[0].value);
    } else {
      throw std::runtime_error("both data and aux hold " + name);
    }
  }
}

inline void overlay_typed(Json& data, const Json& aux) {
  for (const auto& [name, typed] : aux.members) {
    Json* there = data.find(name);
    if (there == nullptr) {
      data.members.push_back({name, typed});
    } else if (is_typed_map(typed) && is_typed_map(*there)) {
      overlay_typed(there->members[0].value, typed.members[0].value);
    } else {
      throw std::runtime_error("both data and aux hold " + name);
    }
  }
}

/// The item that a row holds, in one spelling.
inline std::string item_of(const std::string& data, const OptionalText& aux, bool typed_json) {
  Json item = parse_json(data);
  const Json rest = aux ? parse_json(*aux) : Json{Json::Kind::object, "", {}, {}};
  if (typed_json) {
    overlay_typed(item, rest);
    return spelling(plain_item(item));
  }
  overlay_plain(item, rest);
  return spelling(item);
}

}  // namespace ctk::table::testing
