// `ctk_dead_letters`: kept in the transaction that acknowledges their changes, once each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sink/sql/bookkeeping.h"

namespace ctk::sink::sql {

/// Inserts letters that are not there yet; one that is gets the new reason. Views `letters`: keep them.
std::vector<Statement> keep_dead_letters(const Bookkeeping& at, const std::vector<DeadLetter>& letters);
/// `kept`: what the last of those statements answered. `internal` where another letter stands under the id of one of them.
SqlResult<bool> check_dead_letters_kept(const Answer& kept, const std::vector<DeadLetter>& letters);

/// Of a letter that is longer than the server takes: its change is left out, its reason says so. It has another id, so that
/// the whole one may come beside it once the server takes more.
void withhold_change(DeadLetter& letter);
std::string id_without_change(const std::string& id);

/// Removes letters; those that are gone already are none. Views `ids`: keep them.
Statement remove_letters(const Bookkeeping& at, const std::vector<std::string>& ids);

/// All letters, oldest first, or those of these ids. None where there is no such table.
SqlResult<std::vector<DeadLetter>> read_dead_letters(Driver& driver, const Bookkeeping& at,
                                                     const std::optional<std::vector<std::string>>& ids);

/// As Console::dead_letter_page.
SqlResult<DeadLetterPage> read_dead_letter_page(Driver& driver, const Bookkeeping& at, const std::string& from,
                                                size_t bytes);
/// Number of letters of a source table.
SqlResult<int64_t> count_dead_letters(Driver& driver, const Bookkeeping& at, const std::string& source_table);

/// Keys (typed JSON) and versions of the letters of a source table, where both are known.
SqlResult<std::vector<std::pair<std::string, std::string>>> dead_letter_keys(Driver& driver, const Bookkeeping& at,
                                                                             const std::string& source_table);

}  // namespace ctk::sink::sql
