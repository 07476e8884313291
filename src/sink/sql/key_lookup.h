// Rows of one table, asked for by their keys.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/sql/dialect.h"
#include "sink/sql/driver.h"
#include "table/render.h"

namespace ctk::sink::sql {

/// One SELECT, executed once a key. It views the cells that it is asked for: keep them.
///   KeyLookup lookup(dialect, spec, {.columns = "1"});  lookup.ask(cells);  auto rows = lookup.run(driver);
class KeyLookup {
 public:
  struct Terms {
    std::string columns;         ///< of each row
    std::string condition = {};  ///< besides the key, unbound; empty: none
    std::string lock = {};       ///< for_update() or the like
  };
  KeyLookup(const Dialect& dialect, const table::TableSpec& spec, const Terms& terms);

  /// `more`: the parameters of the condition.
  void ask(const std::vector<table::KeyCell>& cells, std::initializer_list<Param> more = {});
  size_t size() const { return asked_; }

  const Statement& statement() const { return select_; }
  /// For each key that was asked, in this order: its row, if there is one.
  static std::vector<std::optional<Cells>> rows_of(Answer answer);
  /// Both in one; no statement where nothing was asked.
  SqlResult<std::vector<std::optional<Cells>>> run(Driver& driver);

 private:
  Statement select_;
  size_t asked_ = 0;
};

}  // namespace ctk::sink::sql
