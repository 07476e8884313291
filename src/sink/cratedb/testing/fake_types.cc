#include "sink/cratedb/testing/fake_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/time.h"

namespace ctk::sink::cratedb::testing {
namespace {

using Kind = Type::Kind;
using VKind = Value::Kind;

constexpr size_t kLongestTerm = 32'766;
constexpr size_t kMostColumns = 1000;

/// Java's (long) of a double: cut, and held at the ends.
int64_t cut_to_int64(double value) {
  constexpr double kTwo63 = 9223372036854775808.0;
  if (std::isnan(value)) return 0;
  if (value >= kTwo63) return INT64_MAX;
  if (value <= -kTwo63) return INT64_MIN;
  return static_cast<int64_t>(value);
}

int64_t whole(const std::string& digits) {
  if (const auto exact = to_int64(digits)) return *exact;
  return cut_to_int64(std::strtod(digits.c_str(), nullptr));
}

std::optional<Value> cast_text(const Value& value) {
  switch (value.kind) {
    case VKind::text: return value;
    case VKind::number:
      return is_integer(value.text) ? Value::of_text(value.text)
                                    : Value::of_text(double_value(std::strtod(value.text.c_str(), nullptr)).text);
    case VKind::boolean: return Value::of_text(value.truth ? "t" : "f");
    case VKind::object: return Value::of_text(to_json(value));
    default: return std::nullopt;
  }
}

std::optional<Value> cast_boolean(const Value& value) {
  if (value.kind == VKind::boolean) return value;
  if (value.kind == VKind::number) return Value::of_bool(value.text != "0");
  if (value.kind != VKind::text) return std::nullopt;
  if (value.text == "true" || value.text == "t") return Value::of_bool(true);
  if (value.text == "false" || value.text == "f") return Value::of_bool(false);
  return std::nullopt;
}

std::optional<Value> cast_whole(const Value& value) {
  if (value.kind == VKind::number) return Value::of_integer(whole(value.text));
  if (value.kind != VKind::text || !to_int64(value.text)) return std::nullopt;
  return Value::of_number(value.text);
}

std::optional<Value> cast_double(const Value& value) {
  if (value.kind != VKind::number && value.kind != VKind::text) return std::nullopt;
  char* end = nullptr;
  const double parsed = std::strtod(value.text.c_str(), &end);
  if (value.text.empty() || *end != 0) return std::nullopt;
  return double_value(parsed);
}

std::optional<Value> cast_timestamp(const Value& value) {
  if (value.kind == VKind::number) {
    if (is_integer(value.text)) return value;
    return Value::of_integer(cut_to_int64(std::strtod(value.text.c_str(), nullptr) * 1000));
  }
  if (value.kind != VKind::text) return std::nullopt;
  if (const auto millis = to_int64(value.text)) return Value::of_integer(*millis);
  const auto time = parse_timestamp(value.text);
  if (!time) return std::nullopt;
  return Value::of_integer(std::chrono::floor<std::chrono::milliseconds>(*time).time_since_epoch().count());
}

/// Casts the known members; the first that cannot be cast is named.
std::expected<Value, std::optional<std::string>> cast_object(const Value& value, const Type& type) {
  Value object = value;
  if (value.kind == VKind::text) {
    const auto parsed = parse_value(value.text);
    if (!parsed || parsed->kind != VKind::object) return std::unexpected(std::nullopt);
    object = *parsed;
  }
  if (object.kind != VKind::object) return std::unexpected(std::nullopt);
  for (auto& [name, member] : object.members) {
    const Column* column = type.find(name);
    if (!column) continue;
    auto taken = cast(member, column->type);
    if (!taken) {
      return std::unexpected(fmt::format("Cannot cast object element `{}` with value `{}` to type `{}`", name,
                                         java_text(member), type_name(column->type)));
    }
    member = std::move(*taken);
  }
  return object;
}

std::optional<Value> cast_array(const Value& value, const Type& type) {
  if (value.kind != VKind::array) return std::nullopt;
  Value array = value;
  for (Value& item : array.items) {
    auto taken = cast(item, type.element[0]);
    if (!taken) return std::nullopt;
    item = std::move(*taken);
  }
  return array;
}

SqlError wrong_element(const std::string& name, const Value& value, const Type& type) {
  return parse_exception(
      fmt::format("Cannot cast object element `{}` with value `{}` to type `{}`", name, java_text(value), type_name(type)));
}

SqlError immense_term(const Column& column, const std::string& text) {
  std::vector<std::string> prefix;
  for (size_t i = 0; i < 30; i++) prefix.push_back(std::to_string(static_cast<int>(static_cast<signed char>(text[i]))));
  return parse_exception(fmt::format(
      "Document contains at least one immense term in field=\"{}\" (whose UTF8 encoding is longer than the max length "
      "32766), all of which were skipped.  Please correct the analyzer to not produce such terms.  The prefix of the "
      "first immense term is: '[{}]...', original message: bytes can be at most 32766 in length; got {}",
      column.oid, fmt::join(prefix, ", "), text.size()));
}

}  // namespace

SqlError parse_exception(const std::string& text) { return {4000, "SQLParseException[" + text + "]"}; }

Column* Type::find(std::string_view name) {
  for (Column& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}
const Column* Type::find(std::string_view name) const { return const_cast<Type*>(this)->find(name); }

std::string type_name(const Type& type) {
  switch (type.kind) {
    case Kind::undefined: return "undefined";
    case Kind::text: return "text";
    case Kind::boolean: return "boolean";
    case Kind::integer: return "integer";
    case Kind::bigint: return "bigint";
    case Kind::double_precision: return "double precision";
    case Kind::timestamp: return "timestamp with time zone";
    case Kind::object: return "object";
    case Kind::array: return type_name(type.element[0]) + "_array";
  }
  return "";
}

std::string type_id(const Type& type) {
  switch (type.kind) {
    case Kind::undefined: return "0";
    case Kind::text: return "4";
    case Kind::boolean: return "3";
    case Kind::integer: return "9";
    case Kind::bigint: return "10";
    case Kind::double_precision: return "6";
    case Kind::timestamp: return "11";
    case Kind::object: return "12";
    case Kind::array: return "[100," + type_id(type.element[0]) + "]";
  }
  return "0";
}

std::optional<Value> cast(const Value& value, const Type& type) {
  if (value.is_null()) return value;
  switch (type.kind) {
    case Kind::undefined: return value;
    case Kind::text: return cast_text(value);
    case Kind::boolean: return cast_boolean(value);
    case Kind::integer:
    case Kind::bigint: return cast_whole(value);
    case Kind::double_precision: return cast_double(value);
    case Kind::timestamp: return cast_timestamp(value);
    case Kind::array: return cast_array(value, type);
    case Kind::object: break;
  }
  auto object = cast_object(value, type);
  if (!object) return std::nullopt;
  return std::move(*object);
}

SqlResult<Value> cast_column(const Value& value, const Type& type) {
  if (type.kind == Kind::object && !value.is_null()) {
    auto object = cast_object(value, type);
    if (object) return std::move(*object);
    if (object.error()) return std::unexpected(parse_exception(*object.error()));
  }
  auto taken = cast(value, type);
  if (taken) return std::move(*taken);
  return std::unexpected(
      parse_exception(fmt::format("Cannot cast value `{}` to type `{}`", java_text(value), type_name(type))));
}

SqlResult<bool> check_name(const std::string& name) {
  const auto refused = [&](const char* why) {
    return std::unexpected(SqlError{4008, fmt::format("InvalidColumnNameException[\"{}\" {}]", name, why)});
  };
  if (name.find('.') != std::string::npos) return refused("contains a dot");
  if (name.find('[') != std::string::npos) {
    return refused("conflicts with subscript pattern, square brackets are not allowed");
  }
  if (name.find_first_of("\t\n\r\f") != std::string::npos) return refused("contains illegal whitespace character");
  return true;
}

namespace {

bool has_name_beyond(const Value& value) {
  const auto beyond = [](char c) { return static_cast<unsigned char>(c) >= 0xF0; };
  return std::ranges::any_of(value.items, has_name_beyond) || std::ranges::any_of(value.members, [&](const auto& member) {
           return std::ranges::any_of(member.first, beyond) || has_name_beyond(member.second);
         });
}

}  // namespace

bool holds_unreadable_name(const Value& value, const Type& type, bool refreshed) {
  if (type.kind == Kind::array) return type.element[0].kind == Kind::object && has_name_beyond(value);
  if (type.kind == Kind::object && type.policy == Type::Policy::ignored) return !refreshed && has_name_beyond(value);
  return std::ranges::any_of(value.members, [&](const auto& member) {
    const Column* column = type.find(member.first);
    return column != nullptr && holds_unreadable_name(member.second, column->type, refreshed);
  });
}

SqlError unreadable_name() {
  return {5000,
          "UncheckedIOException[com.fasterxml.jackson.core.JsonParseException: Invalid UTF-8: Illegal surrogate "
          "character 0xd83d]"};
}

SqlResult<Value> Indexer::take(const Value& value, Column& column) {
  if (value.is_null()) return value;
  const Type& type = column.type;
  switch (type.kind) {
    case Kind::undefined: {
      auto detected = detect(value);
      if (!detected) return std::unexpected(detected.error());
      if (detected->kind == Kind::undefined) return value;
      added_column_ = true;  // its first real value counts as a new column
      column.type = std::move(*detected);
      return take(value, column);
    }
    case Kind::text:
      if (value.kind != VKind::text) return std::unexpected(wrong_element(column.name, value, type));
      if (column.indexed && value.text.size() > kLongestTerm) return std::unexpected(immense_term(column, value.text));
      return value;
    case Kind::boolean:
      if (value.kind != VKind::boolean) return std::unexpected(wrong_element(column.name, value, type));
      return value;
    case Kind::integer:
    case Kind::bigint:
    case Kind::double_precision:
    case Kind::timestamp: return take_number(column.name, value, type);
    case Kind::array: return take_array(value, column);
    case Kind::object: return take_object(value, column.type, column.name);
  }
  return value;
}

SqlResult<Value> Indexer::take_number(const std::string& name, const Value& value, const Type& type) {
  // NaN and the infinities are texts in JSON.
  const bool text_of_double = type.kind == Kind::double_precision && value.kind == VKind::text && cast_double(value);
  if (value.kind != VKind::number && !text_of_double) return std::unexpected(wrong_element(name, value, type));
  if (type.kind == Kind::double_precision) return *cast_double(value);
  const int64_t taken = whole(value.text);
  if (type.kind == Kind::bigint && (taken == INT64_MAX || taken == INT64_MIN)) {
    return std::unexpected(parse_exception(fmt::format("Value {} exceeds allowed range for column of type bigint", taken)));
  }
  return Value::of_integer(taken);
}

SqlResult<Value> Indexer::take_array(const Value& value, Column& column) {
  Type& element = column.type.element[0];
  if (value.kind != VKind::array) return std::unexpected(wrong_element(column.name, value, column.type));
  if (element.kind == Kind::undefined && !value.items.empty()) {
    auto detected = detect_array(value);
    if (!detected) return std::unexpected(detected.error());
    if (detected->element[0].kind != Kind::undefined) added_column_ = true;
    column.type = std::move(*detected);
    if (column.type.element[0].kind == Kind::undefined) return value;
    return take_array(value, column);
  }
  Value taken = value;
  Column one = column;
  one.type = element;
  std::optional<SqlError> error;
  for (Value& item : taken.items) {
    auto element_value = take(item, one);
    if (!element_value) {
      error = item.kind == VKind::object ? element_value.error() : wrong_element(column.name, value, column.type);
      break;
    }
    item = std::move(*element_value);
  }
  element = std::move(one.type);
  if (error) return std::unexpected(*error);
  return taken;
}

SqlResult<Value> Indexer::take_object(const Value& value, Type& type, const std::string& name) {
  if (value.kind != VKind::object) {
    return std::unexpected(wrong_element(name, value, type));
  }
  Value taken = value;
  for (auto& [member_name, member] : taken.members) {
    auto result = take_member(member_name, member, type, name);
    if (!result) return std::unexpected(result.error());
    member = std::move(*result);
  }
  return taken;
}

SqlResult<Value> Indexer::take_member(const std::string& name, const Value& value, Type& object,
                                      const std::string& object_name) {
  Column* column = object.find(name);
  if (column) return take(value, *column);
  if (object.policy == Type::Policy::ignored) return take_ignored(value);
  if (object.policy == Type::Policy::strict) {
    return std::unexpected(parse_exception(fmt::format("Cannot add column `{}` to strict object `{}`", name, object_name)));
  }
  auto good_name = check_name(name);
  if (!good_name) return std::unexpected(good_name.error());
  auto detected = detect(value);
  if (!detected) return std::unexpected(detected.error());
  if (++column_count_ > kMostColumns) return std::unexpected(parse_exception("Limit of total columns [1000] exceeded"));
  Column made{.name = name, .type = std::move(*detected), .oid = next_oid_++};
  auto taken = take(value, made);
  if (!taken) return taken;
  added_column_ = true;
  object.columns.push_back(std::move(made));
  return taken;
}

SqlResult<Value> Indexer::take_ignored(const Value& value) {
  Value taken = value;
  switch (value.kind) {
    case VKind::number:
      if (!is_integer(value.text)) return double_value(std::strtod(value.text.c_str(), nullptr));
      if (!to_int64(value.text)) {
        return std::unexpected(
            SqlError{5000, "UncheckedIOException[java.io.IOException: can not write type [class java.math.BigInteger]]"});
      }
      return Value::of_integer(*to_int64(value.text));
    case VKind::array:
      for (Value& item : taken.items) {
        auto result = take_ignored(item);
        if (!result) return result;
        item = std::move(*result);
      }
      return taken;
    case VKind::object:
      for (auto& [name, member] : taken.members) {
        auto result = take_ignored(member);
        if (!result) return result;
        member = std::move(*result);
      }
      return taken;
    default: return taken;
  }
}

SqlResult<Type> Indexer::detect(const Value& value) {
  switch (value.kind) {
    case VKind::null: return Type{};
    case VKind::boolean: return Type{.kind = Kind::boolean, .columns = {}, .element = {}};
    case VKind::text: return Type{.kind = Kind::text, .columns = {}, .element = {}};
    case VKind::object: return Type{.kind = Kind::object, .columns = {}, .element = {}};
    case VKind::array: return detect_array(value);
    case VKind::number: break;
  }
  if (!is_integer(value.text)) return Type{.kind = Kind::double_precision, .columns = {}, .element = {}};
  if (to_int64(value.text)) return Type{.kind = Kind::bigint, .columns = {}, .element = {}};
  return std::unexpected(parse_exception("Cannot detect the type of the value: " + value.text));
}

SqlResult<Type> Indexer::detect_array(const Value& value) {
  Type array{.kind = Kind::array, .columns = {}, .element = {Type{}}};
  Type& element = array.element[0];
  for (const Value& item : value.items) {
    auto detected = detect(item);
    if (!detected) return detected;
    if (detected->kind == Kind::undefined || detected->kind == element.kind) continue;
    const bool both_numbers = (element.kind == Kind::bigint && detected->kind == Kind::double_precision) ||
                              (element.kind == Kind::double_precision && detected->kind == Kind::bigint);
    if (both_numbers) {
      element.kind = Kind::double_precision;
    } else if (element.kind == Kind::undefined) {
      element = std::move(*detected);
    } else {
      return std::unexpected(SqlError{5000, "ClassCastException[null]"});
    }
  }
  return array;
}

}  // namespace ctk::sink::cratedb::testing
