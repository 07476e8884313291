#include "sim/item.h"

#include "json/reader.h"
#include "json/writer.h"

namespace ctk::sim {
namespace {

size_t bytes_of_value(json::Element value);

size_t bytes_of_number(std::string_view digits) {
  size_t significant = 0;
  for (const char c : digits.substr(0, digits.find_first_of("eE"))) {
    if ((c >= '1' && c <= '9') || (c == '0' && significant > 0)) ++significant;
  }
  return (significant + 1) / 2 + 1 + (digits.starts_with('-') ? 1 : 0);
}

size_t bytes_of_text(std::string_view tag, std::string_view text) {
  if (tag == "N" || tag == "NS") return bytes_of_number(text);
  if (tag == "S" || tag == "SS") return text.size();
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return text.size() / 4 * 3 - padding;
}

size_t bytes_of_children(std::string_view tag, json::Element content) {
  size_t bytes = 3;
  if (json::Array array; content.get_array().get(array) == simdjson::SUCCESS) {
    if (tag != "L") bytes = 0;
    for (const json::Element child : array) {
      std::string_view text;
      const bool in_a_set = child.get_string().get(text) == simdjson::SUCCESS;
      bytes += in_a_set ? bytes_of_text(tag, text) : bytes_of_value(child) + 1;
    }
  } else if (json::Object object; content.get_object().get(object) == simdjson::SUCCESS) {
    for (const auto& member : object) bytes += member.key.size() + bytes_of_value(member.value) + 1;
  }
  return bytes;
}

size_t bytes_of_value(json::Element value) {
  json::Object object;
  if (value.get_object().get(object) != simdjson::SUCCESS || object.size() == 0) return 0;
  const auto [tag, content] = *object.begin();
  if (std::string_view text; content.get_string().get(text) == simdjson::SUCCESS) return bytes_of_text(tag, text);
  if (tag == "BOOL" || tag == "NULL") return 1;
  return bytes_of_children(tag, content);
}

}  // namespace

std::string to_json(const Attributes& attributes) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  for (const auto& [name, value] : attributes) {
    writer.key(name);
    writer.raw(value);
  }
  writer.end_object();
  return out;
}

std::string_view tag_of(std::string_view value) {
  const size_t open = value.find('"');
  if (open == std::string_view::npos) return {};
  const size_t close = value.find('"', open + 1);
  return close == std::string_view::npos ? std::string_view() : value.substr(open + 1, close - open - 1);
}

size_t bytes_of(const Attributes& attributes) {
  thread_local json::Parser parser;
  size_t bytes = 0;
  for (const auto& [name, value] : attributes) {
    bytes += name.size();
    // Most values are a plain text or number: {"S":"…"} without an escape.
    const bool plain = value.size() > 7 && value[0] == '{' && value[2] != 'B' && value.substr(3, 3) == "\":\"" &&
                       value.find('\\') == std::string::npos;
    if (plain) {
      bytes += bytes_of_text(value.substr(2, 1), std::string_view(value).substr(6, value.size() - 8));
    } else if (const auto parsed = parser.parse(value)) {
      bytes += bytes_of_value(*parsed);
    }
  }
  return bytes;
}

}  // namespace ctk::sim
