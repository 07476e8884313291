#include "sink/cratedb/row_args.h"

#include <fmt/format.h>

#include <algorithm>

#include "dynamodb/number.h"
#include "json/reader.h"
#include "json/writer.h"

namespace ctk::sink::cratedb {
namespace {

using table::ColumnType;
using table::KeyCell;

void append_key(json::Writer& writer, const KeyCell& cell) {
  switch (cell.kind) {
    case KeyCell::Kind::integer: return writer.number(cell.integer);
    case KeyCell::Kind::real: return writer.number(fmt::format("{}", cell.real));
    case KeyCell::Kind::binary: {
      std::string text;
      json::append_base64(text, cell.text);
      return writer.string(text);
    }
    // A NUMERIC is exact as a string only: a JSON number goes through a 64-bit integer or a double.
    case KeyCell::Kind::number:
    case KeyCell::Kind::text: return writer.string(cell.text);
  }
}

bool fits_numeric_38(std::string_view digits) {
  if (digits.starts_with('-')) digits.remove_prefix(1);
  return !digits.empty() && digits.size() <= 38 &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string quoted_json(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::optional<std::string> member_text(json::Object members, std::string_view tag) {
  const auto value = members.at_key(tag).get_string();
  if (value.error()) return std::nullopt;
  return std::string(value.value_unsafe());
}

/// One attribute of a typed key as the column's JSON text.
std::optional<std::string> attribute_cell(json::Element attribute, ColumnType column) {
  json::Object members;
  if (attribute.get(members)) return std::nullopt;
  if (const auto text = member_text(members, "S")) return quoted_json(*text);
  if (const auto text = member_text(members, "B")) return quoted_json(*text);
  auto digits = member_text(members, "N");
  if (!digits) return std::nullopt;
  if (column == ColumnType::text) return quoted_json(*digits);
  if (column == ColumnType::double_precision) return fmt::format("{}", dynamodb::exact_double(*digits).value_or(0));
  return digits;
}

/// The whole key as the `document` layout's id.
std::optional<std::string> document_id(json::Object key) {
  std::string id;
  json::Writer writer(id);
  writer.begin_object();
  for (const auto member : key) {
    const auto cell = attribute_cell(member.value, ColumnType::numeric);
    if (!cell) return std::nullopt;
    writer.key(member.key);
    writer.raw(*cell);
  }
  writer.end_object();
  return quoted_json(id);
}

}  // namespace

int64_t to_millis(Timestamp time) { return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count(); }

void append_row_args(std::string& out, const table::TableSpec& spec, const table::Row& row) {
  json::Writer writer(out);
  writer.begin_array();
  const bool in_object = spec.options.layout == table::Layout::ctk;
  if (in_object) writer.begin_object();
  for (size_t i = 0; i < row.keys.size() && i < spec.keys.size(); i++) {
    if (in_object) writer.key(spec.keys[i].column);
    append_key(writer, row.keys[i]);
  }
  if (in_object) writer.end_object();
  for (const auto& content : {&row.data, &row.aux}) {
    if (*content) {
      writer.raw(**content);
    } else {
      writer.null();
    }
  }
  writer.string(row.version);
  writer.boolean(row.deleted);
  if (row.time == kNoTime) {
    writer.null();
  } else {
    writer.number(to_millis(row.time));
  }
  writer.end_array();
}

std::string key_args(const table::TableSpec& spec, const std::vector<KeyCell>& keys) {
  const bool in_object = spec.options.layout == table::Layout::ctk;
  std::string args;
  for (size_t i = 0; i < keys.size() && i < spec.keys.size(); i++) {
    if (!args.empty()) args += ',';
    if (in_object) args += quoted_json(spec.keys[i].column) + ":";
    args += key_arg(keys[i]);
  }
  return in_object ? "{" + args + "}" : args;
}

std::string key_arg(const KeyCell& cell) {
  std::string out;
  json::Writer writer(out);
  append_key(writer, cell);
  return out;
}

std::optional<std::string> key_problem(const table::TableSpec& spec, const table::Row& row) {
  for (size_t i = 0; i < row.keys.size() && i < spec.keys.size(); i++) {
    const KeyCell& cell = row.keys[i];
    if (cell.kind != KeyCell::Kind::number || fits_numeric_38(cell.text)) continue;
    return fmt::format("the key {} = {} does not fit NUMERIC(38,0); key-type.{}=text holds it", spec.keys[i].attribute,
                       cell.text, spec.keys[i].attribute);
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> key_cells(const table::TableSpec& spec, const std::string& typed_key) {
  json::Parser parser;
  const auto root = parser.parse(typed_key);
  json::Object key;
  if (!root || root->get(key)) return std::nullopt;
  if (spec.options.layout == table::Layout::document) {
    const auto id = document_id(key);
    if (!id) return std::nullopt;
    return std::vector{*id};
  }
  std::vector<std::string> cells;
  for (const table::KeyColumn& column : spec.keys) {
    const auto attribute = key.at_key(column.attribute);
    if (attribute.error()) return std::nullopt;
    const auto cell = attribute_cell(attribute.value_unsafe(), column.column_type);
    if (!cell) return std::nullopt;
    cells.push_back(*cell);
  }
  return cells;
}

}  // namespace ctk::sink::cratedb
