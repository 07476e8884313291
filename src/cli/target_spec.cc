#include "cli/target_spec.h"

#include <utility>

#include "table/names.h"

namespace ctk::cli {
namespace {

/// S, N or B, as a description of a table has it.
dynamodb::Type type_of(char letter) {
  if (letter == 'N') return dynamodb::Type::N;
  return letter == 'B' ? dynamodb::Type::B : dynamodb::Type::S;
}

}  // namespace

Result<table::TableSpec> target_spec(const sink::TargetOptions& target, const aws::TableDescription& source) {
  const std::string name = source.name.str();
  dynamodb::KeySchema keys;
  for (const aws::KeyAttribute& key : source.keys) keys.attributes.emplace_back(key.name, type_of(key.type));
  table::QualifiedName qualified{target.schema, target.table.value_or(table::map_table_name(target.kind, name))};
  return table::make_spec(target.kind, std::move(qualified), name, keys, target.tables);
}

}  // namespace ctk::cli
