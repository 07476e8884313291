// One walk over an item that puts each value where the target holds it exactly: into `data`, or into `aux`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/value.h"
#include "table/aux_writer.h"
#include "table/learned_types.h"
#include "table/plan.h"

namespace ctk::table {

/// For one item. `unusable`: paths whose values go to `aux`; the empty path names all of `data`.
class Splitter {
 public:
  /// What values of unknown paths do.
  enum class Unknown {
    to_aux,
    asks,       ///< they ask for columns; then `data` and `aux` mean nothing yet
    asks_only,  ///< the same, and nothing else is wanted: `data` and `aux` never mean anything
  };

  Splitter(const RenderPlan& plan, Unknown unknown, const std::vector<Path>& unusable)
      : plan_(plan), unusable_(unusable), unknown_(unknown) {}

  void split(dynamodb::Value item, size_t expected_bytes);

  const std::vector<NewColumn>& columns() const { return columns_; }
  std::string take_data() { return std::move(data_); }
  bool has_aux() const { return !aux_.empty(); }
  std::string take_aux() { return aux_.finish(); }

 private:
  enum class Fate { data, descend, aux, asked };

  void members(dynamodb::Value map, const Projection* projection, const TypeTree* types);
  void place(std::string_view name, dynamodb::Value value, const Projection* inside, const TypeTree* type);
  void descend(std::string_view name, dynamodb::Value map, const Projection* inside, const TypeTree* type);
  bool try_data(std::string_view name, dynamodb::Value value, const TypeTree* type);

  Fate fate_of(std::string_view name, dynamodb::Value value, const TypeTree* type);
  Fate ask_for(std::string_view name, dynamodb::Value value, const TypeTree* type);
  bool is_unusable(std::string_view name) const;
  Path path_to(std::string_view name) const;

  const RenderPlan& plan_;
  const std::vector<Path>& unusable_;
  Unknown unknown_;
  std::string data_;
  AuxWriter aux_;
  std::vector<std::string_view> parents_;
  std::vector<NewColumn> columns_;
};

}  // namespace ctk::table
