#include "cli/target_spec.h"

#include <utility>

#include "source/scan_source.h"
#include "table/names.h"

namespace ctk::cli {
Result<table::TableSpec> target_spec(const sink::TargetOptions& target, const aws::TableDescription& source) {
  const std::string name = source.name.str();
  table::QualifiedName qualified{target.schema, target.table.value_or(table::map_table_name(target.kind, name))};
  return table::make_spec(target.kind, std::move(qualified), name, source::schema_of(source.keys), target.tables);
}

}  // namespace ctk::cli
