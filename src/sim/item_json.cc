#include "sim/item_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "dynamodb/number.h"
#include "json/writer.h"

namespace ctk::sim {
namespace {

constexpr size_t kMostDigits = 38;

std::unexpected<ServiceError> invalid(std::string message) { return refuse("ValidationException", std::move(message)); }

std::unexpected<ServiceError> wrong_shape() {
  return refuse("SerializationException", "Unexpected token received from parser");
}

Answer<std::string> canonical(std::string_view number) {
  if (!dynamodb::is_number(number)) {
    return invalid(fmt::format("The parameter cannot be converted to a numeric value: {}", number));
  }
  std::string text = dynamodb::canonical_number(number);
  const std::string_view mantissa = std::string_view(text).substr(0, text.find('E'));
  std::string digits;
  for (const char c : mantissa) {
    if (c >= '0' && c <= '9' && (c != '0' || !digits.empty())) digits += c;
  }
  if (mantissa.find('.') == std::string_view::npos) digits.resize(digits.find_last_not_of('0') + 1);
  if (digits.size() > kMostDigits) {
    return invalid("Attempting to store more than 38 significant digits in a Number");
  }
  return text;
}

/// Appends the value of one tag in the stored form.
Answer<void> append_value(std::string& out, json::Element value);

Answer<void> append_text(std::string& out, std::string_view tag, json::Element content) {
  std::string_view text;
  if (content.get_string().get(text) != simdjson::SUCCESS) return wrong_shape();
  if (tag == "N") {
    auto number = canonical(text);
    if (!number) return forward_refusal(std::move(number));
    json::append_string(out, *number);
    return {};
  }
  if (tag == "B" && !json::decode_base64(text)) return wrong_shape();
  json::append_string(out, text);
  return {};
}

Answer<void> append_set(std::string& out, std::string_view tag, json::Element content) {
  json::Array array;
  if (content.get_array().get(array) != simdjson::SUCCESS) return wrong_shape();
  const std::string_view what = tag == "SS" ? "string set " : tag == "NS" ? "number set " : "binary set ";
  if (array.size() == 0) {
    return invalid(fmt::format("One or more parameter values were invalid: An {} may not be empty", what));
  }
  std::vector<std::string> members;
  for (const json::Element child : array) {
    std::string member;
    if (auto good = append_text(member, tag.substr(0, 1), child); !good) return good;
    members.push_back(std::move(member));
  }
  std::ranges::sort(members);
  if (std::ranges::adjacent_find(members) != members.end()) {
    return invalid("One or more parameter values were invalid: Input collection contains duplicates.");
  }
  out += fmt::format("[{}]", fmt::join(members, ","));
  return {};
}

Answer<void> append_list(std::string& out, json::Element content) {
  json::Array array;
  if (content.get_array().get(array) != simdjson::SUCCESS) return wrong_shape();
  out += '[';
  bool first = true;
  for (const json::Element child : array) {
    if (!std::exchange(first, false)) out += ',';
    if (auto good = append_value(out, child); !good) return good;
  }
  out += ']';
  return {};
}

Answer<void> append_map(std::string& out, json::Element content) {
  auto members = read_item(content);
  if (!members) return forward_refusal(std::move(members));
  out += to_json(*members);
  return {};
}

Answer<void> append_content(std::string& out, std::string_view tag, json::Element content) {
  if (tag == "S" || tag == "N" || tag == "B") return append_text(out, tag, content);
  if (tag == "SS" || tag == "NS" || tag == "BS") return append_set(out, tag, content);
  if (tag == "L") return append_list(out, content);
  if (tag == "M") return append_map(out, content);
  bool truth = false;
  if ((tag != "BOOL" && tag != "NULL") || content.get_bool().get(truth) != simdjson::SUCCESS) return wrong_shape();
  if (tag == "NULL" && !truth) {
    return invalid("One or more parameter values were invalid: Null attribute value types must have the value of true");
  }
  out += truth ? "true" : "false";
  return {};
}

Answer<void> append_value(std::string& out, json::Element value) {
  json::Object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return wrong_shape();
  if (object.size() == 0) {
    return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  }
  if (object.size() > 1) {
    return invalid(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes");
  }
  const auto [tag, content] = *object.begin();
  out += fmt::format("{{\"{}\":", tag);
  if (auto good = append_content(out, tag, content); !good) return good;
  out += '}';
  return {};
}

}  // namespace

Answer<std::string> read_value(json::Element value) {
  std::string out;
  if (auto good = append_value(out, value); !good) return forward_refusal(std::move(good));
  return out;
}

Answer<Attributes> read_item(json::Element object) {
  json::Object members;
  if (object.get_object().get(members) != simdjson::SUCCESS) return wrong_shape();
  Attributes out;
  for (const auto& member : members) {
    auto value = read_value(member.value);
    if (!value) return forward_refusal(std::move(value));
    out[std::string(member.key)] = std::move(*value);
  }
  return out;
}

}  // namespace ctk::sim
