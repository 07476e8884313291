// JSON values as the fake server holds them: numbers as text, so that it can lose digits exactly where the real one does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ctk::sink::cratedb::testing {

struct Value {
  enum class Kind { null, boolean, number, text, array, object };

  Kind kind = Kind::null;
  bool truth = false;
  std::string text;  ///< a text, or a number as JSON writes it
  std::vector<Value> items;
  std::vector<std::pair<std::string, Value>> members;

  static Value of_text(std::string text) { return {Kind::text, false, std::move(text), {}, {}}; }
  static Value of_number(std::string digits) { return {Kind::number, false, std::move(digits), {}, {}}; }
  static Value of_integer(int64_t value) { return of_number(std::to_string(value)); }
  static Value of_bool(bool value) { return {Kind::boolean, value, {}, {}, {}}; }

  bool is_null() const { return kind == Kind::null; }
  bool is_true() const { return kind == Kind::boolean && truth; }
  const Value* member(std::string_view name) const;
  bool operator==(const Value&) const = default;
};

/// Nothing where the text is no JSON.
std::optional<Value> parse_value(std::string_view json);
void append_value(std::string& out, const Value& value);
std::string to_json(const Value& value);
/// As Java prints it, for error messages: `{a=1}`, `[1, 2]`, `abc`.
std::string java_text(const Value& value);
/// Java's Double.toString, and JSON text where that is no number: `1.0E20`, `"Infinity"`.
Value double_value(double value);
/// A whole number without fraction or exponent, of any size.
bool is_integer(std::string_view digits);
std::optional<int64_t> to_int64(std::string_view digits);
/// Numbers by value, texts bytewise; nothing where one is null or they cannot be compared.
std::optional<int> compare(const Value& left, const Value& right);
/// The same, but for texts, which go by their UTF-16 and not by their UTF-8: as Java has them, and not an index.
std::optional<int> compare_as_java(const Value& left, const Value& right);

}  // namespace ctk::sink::cratedb::testing
