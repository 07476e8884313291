#include "table/keys.h"

#include <algorithm>
#include <cmath>

#include "dynamodb/encode.h"
#include "dynamodb/number.h"
#include "json/reader.h"
#include "json/writer.h"

namespace ctk::table {

namespace {

using dynamodb::Type;
using dynamodb::Value;
using Cell = std::expected<KeyCell, std::string>;

std::string ticked(std::string_view name) { return "`" + std::string(name) + "`"; }

std::string_view type_words(ColumnType type) {
  switch (type) {
    case ColumnType::bigint: return "BIGINT";
    case ColumnType::double_precision: return "DOUBLE PRECISION";
    case ColumnType::numeric: return "NUMERIC";
    default: return "this column";
  }
}

std::unexpected<std::string> does_not_fit(const KeyColumn& key, std::string_view value) {
  constexpr size_t kShown = 80;
  std::string shown(value.substr(0, kShown));
  if (value.size() > kShown) shown += "…";
  return std::unexpected("key attribute " + ticked(key.attribute) + " holds " + shown + ", which " +
                         std::string(type_words(key.column_type)) + " cannot hold exactly; key-type." + key.attribute +
                         "=text would");
}

KeyCell text_cell(std::string text) { return {KeyCell::Kind::text, std::move(text), 0, 0}; }

bool fits_bigint(Target target, int64_t value) {
  return value >= target->keys.lowest_bigint && value <= target->keys.highest_bigint;
}

Cell integer_cell(const KeyColumn& key, Target target, std::string_view digits) {
  if (const std::optional<int64_t> plain = dynamodb::plain_integer(digits)) {
    return KeyCell{KeyCell::Kind::integer, std::string(digits), *plain, 0};
  }
  const std::optional<int64_t> value = dynamodb::exact_int64(digits);
  if (!value || !fits_bigint(target, *value)) return does_not_fit(key, digits);
  return KeyCell{KeyCell::Kind::integer, std::to_string(*value), *value, 0};
}

Cell real_cell(const KeyColumn& key, std::string_view digits) {
  const std::optional<double> value = dynamodb::exact_double(digits);
  if (!value || std::fpclassify(*value) == FP_SUBNORMAL) return does_not_fit(key, digits);
  return KeyCell{KeyCell::Kind::real, dynamodb::canonical_number(digits), 0, *value};
}

Cell numeric_cell(const KeyColumn& key, Target target, std::string_view digits) {
  std::string canonical = dynamodb::canonical_number(digits);
  if (target->keys.takes_numeric != nullptr && !target->keys.takes_numeric(canonical)) return does_not_fit(key, digits);
  return KeyCell{KeyCell::Kind::number, std::move(canonical), 0, 0};
}

/// SQLite: integer, real or text, the first that holds the number exactly; so one number has one form.
Cell untyped_number_cell(const KeyColumn& key, Target target, std::string_view digits) {
  if (Cell cell = integer_cell(key, target, digits)) return cell;
  if (Cell cell = real_cell(key, digits)) return cell;
  return numeric_cell(key, target, digits);
}

Cell number_cell(const KeyColumn& key, Target target, std::string_view digits) {
  switch (key.column_type) {
    case ColumnType::bigint: return integer_cell(key, target, digits);
    case ColumnType::double_precision: return real_cell(key, digits);
    case ColumnType::untyped: return untyped_number_cell(key, target, digits);
    case ColumnType::text: return text_cell(dynamodb::canonical_number(digits));
    default: return numeric_cell(key, target, digits);
  }
}

Cell string_cell(const KeyColumn& key, Target target, std::string_view text) {
  if (key.column_type == ColumnType::bigint) {
    // Only the digits that the number itself would have: "07" and "7" are two keys.
    if (!dynamodb::is_number(text)) return does_not_fit(key, text);
    Cell cell = integer_cell(key, target, text);
    if (cell && cell->text != text) return does_not_fit(key, text);
    return cell;
  }
  if (!target->keys.text_takes_nul && text.find('\0') != std::string_view::npos) {
    return std::unexpected("key attribute " + ticked(key.attribute) + " holds U+0000, which " +
                           std::string(target->product) + "'s text cannot");
  }
  return text_cell(std::string(text));
}

Cell binary_cell(const KeyColumn& key, std::string_view base64) {
  std::optional<std::string> bytes = json::decode_base64(base64);
  if (!bytes) return std::unexpected("key attribute " + ticked(key.attribute) + " holds malformed base64");
  if (key.column_type == ColumnType::binary) return KeyCell{KeyCell::Kind::binary, std::move(*bytes), 0, 0};
  std::string text;
  json::append_base64(text, *bytes);
  return text_cell(std::move(text));
}

Cell cell_of(const KeyColumn& key, Target target, Value value) {
  if (value.type() != key.type) {
    return std::unexpected("key attribute " + ticked(key.attribute) + " is of type " +
                           std::string(to_string(value.type())) + ", the table was made for " +
                           std::string(to_string(key.type)));
  }
  switch (value.type()) {
    case Type::N: return number_cell(key, target, value.text());
    case Type::B: return binary_cell(key, value.text());
    default: return string_cell(key, target, value.text());
  }
}

std::optional<Value> find(Value map, std::string_view name) {
  for (const Value child : map) {
    if (child.name() == name) return child;
  }
  return std::nullopt;
}

}  // namespace

KeyCell untyped_cell(Target target, std::string_view digits) {
  Cell cell = untyped_number_cell({}, target, digits);
  return cell ? std::move(*cell) : text_cell(std::string(digits));
}

std::expected<std::vector<KeyCell>, std::string> key_cells(const TableSpec& spec, Value keys) {
  std::vector<KeyCell> cells;
  cells.reserve(spec.keys.size());
  if (spec.options.layout == Layout::document) {
    cells.push_back(text_cell(dynamodb::plain_key(keys)));
  } else {
    for (const KeyColumn& key : spec.keys) {
      const std::optional<Value> value = find(keys, key.attribute);
      if (!value) return std::unexpected("key attribute " + ticked(key.attribute) + " is missing");
      Cell cell = cell_of(key, spec.target, *value);
      if (!cell) return std::unexpected(std::move(cell).error());
      cells.push_back(std::move(*cell));
    }
    if (keys.size() != spec.keys.size()) return std::unexpected("the key has attributes that the table's key has not");
  }
  const KeyTypes& holds = spec.target->keys;
  if (holds.takes_key != nullptr && !holds.takes_key(cells)) return std::unexpected(std::string(holds.too_long));
  return cells;
}

}  // namespace ctk::table
