// What a table that is there looks like, and whether it can be ours. Pure: the answers of information_schema go in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "sink/cratedb/protocol.h"
#include "table/learned_types.h"
#include "table/spec.h"

namespace ctk::sink::cratedb {

/// A column, sub-columns included.
struct Column {
  std::string top;     ///< name of the top-level column
  table::Path path;    ///< below it; empty for itself
  std::string type;    ///< as information_schema names it: "text", "object", "double precision_array"
  std::string policy;  ///< of objects and arrays of objects: "strict", "dynamic", "ignored"
};

struct Definition {
  std::vector<Column> columns;
  std::vector<std::string> primary_key;  ///< as SHOW CREATE TABLE writes each: `"pk"['device']`
  std::string ddl;                       ///< SHOW CREATE TABLE

  const Column* find(const std::string& top, const table::Path& path = {}) const;
};

Statement select_columns(const table::QualifiedName& name);
Statement show_create_table(const table::QualifiedName& name);
/// Puts the answers of the two together. No columns: there is no such table.
Definition read_definition(const Answer& columns, const Answer& ddl);

/// The columns of ours that are missing, or why the table cannot be the spec's: another layout, key or type. The error
/// shows both definitions.
Result<std::vector<std::string>> missing_own_columns(const Definition& definition, const table::TableSpec& spec);

/// What a user runs so that the key's columns whose types the options ask for have them: no column of a key can be altered
/// here, so the table is made again and takes the old one's place. Nothing where they have them.
std::vector<std::string> retype_keys(const Definition& definition, const table::TableSpec& spec);

/// What `data` is known to hold, and how many columns the table may have.
table::LearnedTypes learn(const Definition& definition);

/// How many columns a table may have whose mapping.total_fields.limit is that (seen on 6.4.3: 9 with a limit of 10).
size_t most_by_setting(size_t limit);

}  // namespace ctk::sink::cratedb
