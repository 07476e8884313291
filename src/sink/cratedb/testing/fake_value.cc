#include "sink/cratedb/testing/fake_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "json/writer.h"
#include "sink/cratedb/protocol.h"

namespace ctk::sink::cratedb::testing {
namespace {

std::optional<Value> parse_members(std::string_view json) {
  const auto parts = split_object(json);
  if (!parts) return std::nullopt;
  Value value;
  value.kind = Value::Kind::object;
  for (const auto& [name, text] : *parts) {
    auto parsed = parse_value(text);
    if (!parsed || !name.starts_with('"')) return std::nullopt;
    const std::string key = cell_text(name).value_or("");
    if (value.member(key)) return std::nullopt;  // the server's parser takes no name twice
    value.members.emplace_back(key, std::move(*parsed));
  }
  return value;
}

std::optional<Value> parse_items(std::string_view json) {
  const auto parts = split_array(json);
  if (!parts) return std::nullopt;
  Value value;
  value.kind = Value::Kind::array;
  for (std::string_view text : *parts) {
    auto parsed = parse_value(text);
    if (!parsed) return std::nullopt;
    value.items.push_back(std::move(*parsed));
  }
  return value;
}

std::string joined(const std::vector<std::string>& parts, char open, char close) {
  return fmt::format("{}{}{}", open, fmt::join(parts, ", "), close);
}

}  // namespace

const Value* Value::member(std::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::optional<Value> parse_value(std::string_view json) {
  if (json.empty()) return std::nullopt;
  if (json == "null") return Value{};
  if (const auto truth = cell_bool(json)) return Value::of_bool(*truth);
  switch (json.front()) {
    case '"': return Value::of_text(cell_text(json).value_or(""));
    case '{': return parse_members(json);
    case '[': return parse_items(json);
    default: break;
  }
  if (json.front() != '-' && std::isdigit(static_cast<unsigned char>(json.front())) == 0) return std::nullopt;
  return Value::of_number(std::string(json));
}

void append_value(std::string& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::null: out += "null"; return;
    case Value::Kind::boolean: out += value.truth ? "true" : "false"; return;
    case Value::Kind::number: out += value.text; return;
    case Value::Kind::text: json::append_string(out, value.text); return;
    case Value::Kind::array: {
      out += '[';
      for (const Value& item : value.items) {
        if (&item != value.items.data()) out += ',';
        append_value(out, item);
      }
      out += ']';
      return;
    }
    case Value::Kind::object: {
      out += '{';
      for (const auto& [name, member] : value.members) {
        if (out.back() != '{') out += ',';
        json::append_string(out, name);
        out += ':';
        append_value(out, member);
      }
      out += '}';
      return;
    }
  }
}

std::string to_json(const Value& value) {
  std::string out;
  append_value(out, value);
  return out;
}

std::string java_text(const Value& value) {
  std::vector<std::string> parts;
  switch (value.kind) {
    case Value::Kind::null: return "null";
    case Value::Kind::boolean: return value.truth ? "true" : "false";
    case Value::Kind::number:
    case Value::Kind::text: return value.text;
    case Value::Kind::array:
      for (const Value& item : value.items) parts.push_back(java_text(item));
      return joined(parts, '[', ']');
    case Value::Kind::object:
      for (const auto& [name, member] : value.members) parts.push_back(name + "=" + java_text(member));
      return joined(parts, '{', '}');
  }
  return "";
}

Value double_value(double value) {
  if (std::isnan(value)) return Value::of_text("NaN");
  if (std::isinf(value)) return Value::of_text(value < 0 ? "-Infinity" : "Infinity");
  const double size = std::abs(value);
  if (size == 0 || (size >= 1e-3 && size < 1e7)) {
    std::string plain = fmt::format("{}", value);
    if (plain.find('.') == std::string::npos) plain += ".0";
    return Value::of_number(std::move(plain));
  }
  char digits[40];
  const char* const end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific).ptr;
  const std::string text(digits, static_cast<size_t>(end - digits));
  const size_t e = text.find('e');
  std::string mantissa = text.substr(0, e);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  return Value::of_number(mantissa + "E" + std::to_string(std::stoi(text.substr(e + 1))));
}

bool is_integer(std::string_view digits) {
  if (digits.starts_with('-')) digits.remove_prefix(1);
  if (digits.empty()) return false;
  for (char c : digits) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

std::optional<int64_t> to_int64(std::string_view digits) { return cell_int(digits); }

std::optional<int> compare(const Value& left, const Value& right) {
  if (left.is_null() || right.is_null() || left.kind != right.kind) return std::nullopt;
  switch (left.kind) {
    case Value::Kind::number: {
      const auto a = to_int64(left.text);
      const auto b = to_int64(right.text);
      if (a && b) return *a < *b ? -1 : *a > *b ? 1 : 0;
      const double x = std::strtod(left.text.c_str(), nullptr);
      const double y = std::strtod(right.text.c_str(), nullptr);
      return x < y ? -1 : x > y ? 1 : 0;
    }
    case Value::Kind::boolean: return static_cast<int>(left.truth) - static_cast<int>(right.truth);
    case Value::Kind::text: return left.text.compare(right.text);
    default: return left == right ? 0 : 1;
  }
}

std::optional<int> compare_as_java(const Value& left, const Value& right) {
  if (left.kind != Value::Kind::text || right.kind != Value::Kind::text) return compare(left, right);
  // What lies beyond the first plane begins with 0xF0 or more, and is two units below 0xE000.
  const auto rank = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte;
  };
  const auto [a, b] = std::ranges::mismatch(left.text, right.text);
  if (a == left.text.end() || b == right.text.end()) return left.text.compare(right.text);
  return rank(*a) - rank(*b);
}

}  // namespace ctk::sink::cratedb::testing
