// What a database holds, asked by ODBC's own functions: for those whose catalogue has statements of its own, and that no
// dialect knows. Answers are those of Dialect::describe_relation, describe_columns, describe_keys and version.
#pragma once

#include "sink/sql/odbc_connection.h"
#include "sink/sql/statement.h"

namespace ctk::sink::sql {

class OdbcCatalogue {
 public:
  /// The connection outlives it.
  OdbcCatalogue(const OdbcConnection& of, const table::OdbcKind& kind, std::string shown_as)
      : connection_(of),
        dialect_(kind.dialect),
        folds_case_(table::odbc_target(kind)->tables.folds_case),
        shown_(std::move(shown_as)) {}

  /// `question`: one of catalogue_dialect.h, with its parameters.
  SqlResult<Answer> answer(const Statement& question) const;

 private:
  bool is_same(const std::string& name, const std::string& wanted) const;

  const OdbcConnection& connection_;
  table::OdbcDialect dialect_;
  bool folds_case_;  ///< names of tables that differ in the case of ASCII letters are one
  std::string shown_;
};

}  // namespace ctk::sink::sql
