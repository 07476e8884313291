// include, exclude and rename as one tree over attribute names.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/value.h"
#include "table/learned_types.h"
#include "table/spec.h"

namespace ctk::table {

/// What becomes of the members of one map. Lists are not entered.
struct Projection {
  struct Member {
    std::string name;
    bool kept = true;
    std::optional<std::string> renamed;
    std::unique_ptr<Projection> inside;  ///< none: everything inside is kept as it is
  };

  /// What becomes of one member: nothing of it, or it under `name` and with `inside`.
  struct Step {
    bool kept = true;
    std::string_view name;
    const Projection* inside = nullptr;
  };

  std::vector<Member> members;  ///< sorted by name
  bool others = true;           ///< whether members that are not listed are kept
  bool renames = false;         ///< whether any member, here or deeper, is renamed

  Step step(dynamodb::Value child) const;
  /// Keys are kept in any case: they are the row's identity.
  static std::unique_ptr<Projection> make(const TableOptions& options, const std::vector<std::string>& keys);
};

/// A path where `rename` gives two members one name, if there is any.
std::optional<Path> find_rename_conflict(dynamodb::Value map, const Projection& projection);

}  // namespace ctk::table
