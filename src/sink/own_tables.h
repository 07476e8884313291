// The three tables beside a target's own, as every database has them: whether what has their names is ours. Pure.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ctk::sink {

inline constexpr std::array<std::string_view, 3> kOwnTables = {"ctk_tables", "ctk_positions", "ctk_dead_letters"};

/// A column that the table of that name (one of kOwnTables) needs and that is not in `there`; nothing where all are.
std::optional<std::string> missing_own_column(std::string_view table, const std::set<std::string>& there);

/// Something else has the name of a table of ctk's own. `why`: "it is a view".
Error not_our_own(const std::string& name, const std::string& why);

}  // namespace ctk::sink
