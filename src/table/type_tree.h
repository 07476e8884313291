// Learned and declared types as a tree over member names, for looking them up while walking an item.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "table/learned_types.h"
#include "table/spec.h"

namespace ctk::table {

struct TypeTree {
  std::string name;
  std::optional<LearnedType::Kind> learned;
  std::optional<ColumnType> declared;  ///< `type.PATH`
  std::vector<TypeTree> children;      ///< sorted by name

  const TypeTree* child(std::string_view wanted) const;

  static TypeTree make(const LearnedTypes& types, const TableOptions& options);
};

}  // namespace ctk::table
