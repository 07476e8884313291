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

/// The cell takes the value, in the memory that it has; or why it cannot.
using Filled = std::expected<void, std::string>;

void put(KeyCell& cell, KeyCell::Kind kind, std::string_view text, int64_t integer = 0, double real = 0) {
  cell.kind = kind;
  cell.text = text;
  cell.integer = integer;
  cell.real = real;
}

Filled set_cell(KeyCell& cell, KeyCell::Kind kind, std::string_view text, int64_t integer = 0, double real = 0) {
  put(cell, kind, text, integer, real);
  return {};
}

bool fits_bigint(Target target, int64_t value) {
  return value >= target->keys.lowest_bigint && value <= target->keys.highest_bigint;
}

Filled set_integer(KeyCell& cell, const KeyColumn& key, Target target, std::string_view digits) {
  if (const std::optional<int64_t> plain = dynamodb::plain_integer(digits)) {
    return set_cell(cell, KeyCell::Kind::integer, digits, *plain);
  }
  const std::optional<int64_t> value = dynamodb::exact_int64(digits);
  if (!value || !fits_bigint(target, *value)) return does_not_fit(key, digits);
  return set_cell(cell, KeyCell::Kind::integer, std::to_string(*value), *value);
}

Filled set_real(KeyCell& cell, const KeyColumn& key, std::string_view digits) {
  const std::optional<double> value = dynamodb::exact_double(digits);
  if (!value || std::fpclassify(*value) == FP_SUBNORMAL) return does_not_fit(key, digits);
  return set_cell(cell, KeyCell::Kind::real, dynamodb::canonical_number(digits), 0, *value);
}

Filled set_numeric(KeyCell& cell, const KeyColumn& key, Target target, std::string_view digits) {
  const std::string canonical = dynamodb::canonical_number(digits);
  if (target->keys.takes_numeric != nullptr && !target->keys.takes_numeric(canonical)) return does_not_fit(key, digits);
  return set_cell(cell, KeyCell::Kind::number, canonical);
}

/// SQLite: integer, real or text, the first that holds the number exactly; so one number has one form.
Filled set_untyped_number(KeyCell& cell, const KeyColumn& key, Target target, std::string_view digits) {
  if (set_integer(cell, key, target, digits)) return {};
  if (set_real(cell, key, digits)) return {};
  return set_numeric(cell, key, target, digits);
}

Filled set_number(KeyCell& cell, const KeyColumn& key, Target target, std::string_view digits) {
  switch (key.column_type) {
    case ColumnType::bigint: return set_integer(cell, key, target, digits);
    case ColumnType::double_precision: return set_real(cell, key, digits);
    case ColumnType::untyped: return set_untyped_number(cell, key, target, digits);
    case ColumnType::text: return set_cell(cell, KeyCell::Kind::text, dynamodb::canonical_number(digits));
    default: return set_numeric(cell, key, target, digits);
  }
}

Filled set_string(KeyCell& cell, const KeyColumn& key, Target target, std::string_view text) {
  if (key.column_type == ColumnType::bigint) {
    // Only the digits that the number itself would have: "07" and "7" are two keys.
    if (!dynamodb::is_number(text)) return does_not_fit(key, text);
    Filled filled = set_integer(cell, key, target, text);
    if (filled && cell.text != text) return does_not_fit(key, text);
    return filled;
  }
  if (!target->keys.text_takes_nul && text.find('\0') != std::string_view::npos) {
    return std::unexpected("key attribute " + ticked(key.attribute) + " holds U+0000, which " +
                           std::string(target->product) + "'s text cannot");
  }
  return set_cell(cell, KeyCell::Kind::text, text);
}

Filled set_binary(KeyCell& cell, const KeyColumn& key, std::string_view base64) {
  const std::optional<std::string> bytes = json::decode_base64(base64);
  if (!bytes) return std::unexpected("key attribute " + ticked(key.attribute) + " holds malformed base64");
  if (key.column_type == ColumnType::binary) return set_cell(cell, KeyCell::Kind::binary, *bytes);
  std::string text;
  json::append_base64(text, *bytes);
  return set_cell(cell, KeyCell::Kind::text, text);
}

Filled set_value(KeyCell& cell, const KeyColumn& key, Target target, Value value) {
  if (value.type() != key.type) {
    return std::unexpected("key attribute " + ticked(key.attribute) + " is of type " +
                           std::string(to_string(value.type())) + ", the table was made for " +
                           std::string(to_string(key.type)));
  }
  switch (value.type()) {
    case Type::N: return set_number(cell, key, target, value.text());
    case Type::B: return set_binary(cell, key, value.text());
    default: return set_string(cell, key, target, value.text());
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
  KeyCell cell;
  if (!set_untyped_number(cell, {}, target, digits)) put(cell, KeyCell::Kind::text, digits);
  return cell;
}

std::expected<void, std::string> set_key_cells(const TableSpec& spec, Value keys, std::vector<KeyCell>& cells) {
  const bool document = spec.options.layout == Layout::document;
  cells.resize(document ? 1 : spec.keys.size());
  if (document) {
    put(cells.front(), KeyCell::Kind::text, {});
    dynamodb::append_plain_key(cells.front().text, keys);
  } else {
    for (size_t i = 0; i < cells.size(); ++i) {
      const KeyColumn& key = spec.keys[i];
      const std::optional<Value> value = find(keys, key.attribute);
      if (!value) return std::unexpected("key attribute " + ticked(key.attribute) + " is missing");
      if (Filled filled = set_value(cells[i], key, spec.target, *value); !filled) return filled;
    }
    if (keys.size() != spec.keys.size()) return std::unexpected("the key has attributes that the table's key has not");
  }
  const KeyTypes& holds = spec.target->keys;
  if (holds.takes_key != nullptr && !holds.takes_key(cells)) return std::unexpected(std::string(holds.too_long));
  return {};
}

std::expected<std::vector<KeyCell>, std::string> key_cells(const TableSpec& spec, Value keys) {
  std::vector<KeyCell> cells;
  if (auto filled = set_key_cells(spec, keys, cells); !filled) return std::unexpected(std::move(filled).error());
  return cells;
}

}  // namespace ctk::table
