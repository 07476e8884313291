// What CrateDB's `data` object is known to hold: path → type. Values; the owner is the loop, snapshots are handed out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ctk::table {

/// A path inside `data`: member names from the top.
using Path = std::vector<std::string>;

struct LearnedType {
  enum class Kind {
    text,
    double_precision,
    bigint,
    boolean,
    object,
    object_array_ignored,
    text_array,
    double_array,
    bigint_array,
    boolean_array,
    unusable
  };
  Kind kind = Kind::unusable;
  bool operator==(const LearnedType&) const = default;
};

struct LearnedTypes {
  std::map<Path, LearnedType> paths;
  size_t column_count = 0;         ///< of the whole table, against max-columns
  size_t column_limit = SIZE_MAX;  ///< the server's own, for the whole table
  bool data_ignored = false;       ///< `data` is OBJECT(IGNORED) (typed=false): everything fits
  bool operator==(const LearnedTypes&) const = default;
};

/// A column to add before rows that use it are sent.
struct NewColumn {
  Path path;
  LearnedType type;
  auto operator<=>(const NewColumn& other) const { return path <=> other.path; }
  bool operator==(const NewColumn&) const = default;
};

}  // namespace ctk::table
