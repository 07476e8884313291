#include "verify/item_key.h"

#include <map>

#include "dynamodb/number.h"
#include "json/exact_tree.h"
#include "json/writer.h"

namespace ctk::verify {
namespace {

using dynamodb::Type;

/// Attribute → text, as DynamoDB JSON has it.
using Attributes = std::map<std::string, std::string>;

std::optional<Attributes> attributes_of_id(std::string id) {
  json::ExactTree tree;
  const Result<json::ExactValue> root = tree.read(id);
  if (!root) return std::nullopt;
  Attributes attributes;
  for (const json::ExactValue member : *root) attributes.emplace(member.name(), member.text());
  return attributes;
}

Attributes attributes_of_columns(const table::TableSpec& spec, const sink::KeyTexts& row) {
  Attributes attributes;
  for (size_t i = 0; i < spec.keys.size() && i < row.size(); ++i) {
    std::string text = row[i];
    if (spec.keys[i].column_type == table::ColumnType::binary) {
      text.clear();
      json::append_base64(text, row[i]);
    }
    attributes.emplace(spec.keys[i].attribute, std::move(text));
  }
  return attributes;
}

}  // namespace

std::optional<std::string> item_key(const dynamodb::KeySchema& schema, const table::TableSpec& spec,
                                    const sink::KeyTexts& row) {
  const bool document = spec.options.layout == table::Layout::document;
  if (document && row.size() != 1) return std::nullopt;
  const std::optional<Attributes> attributes = document ? attributes_of_id(row.front()) : attributes_of_columns(spec, row);
  if (!attributes || attributes->size() != schema.attributes.size()) return std::nullopt;
  std::string key;
  json::Writer out(key);
  out.begin_object();
  for (const auto& [name, text] : *attributes) {
    const auto found = std::ranges::find(schema.attributes, name, &std::pair<std::string, Type>::first);
    if (found == schema.attributes.end()) return std::nullopt;
    const bool number = found->second == Type::N && dynamodb::is_number(text);
    out.key(name);
    out.begin_object();
    out.key(dynamodb::to_string(found->second));
    out.string(number ? dynamodb::canonical_number(text) : text);
    out.end_object();
  }
  out.end_object();
  return key;
}

}  // namespace ctk::verify
