// Whether this user may do with a table what a run does with it: asked once when the table is opened, so that a right that
// is missing ends a start at once, with its name.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sink/sql/bookkeeping.h"
#include "table/spec.h"

namespace ctk::sink::sql {

/// A table and a right on it: {"demo", "INSERT"}.
using MissingRights = std::vector<std::pair<std::string, std::string>>;

/// Of the rights that the user does not have, those that a run needs. `positions`: it keeps them in the target.
MissingRights needed_rights(const MissingRights& missing, const table::TableSpec& spec, bool positions);

/// `denied`, naming each right and its table. Makes and locks nothing; where a database has no rights, nothing is asked.
SqlResult<bool> check_rights(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec, bool positions);

}  // namespace ctk::sink::sql
