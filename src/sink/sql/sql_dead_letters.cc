#include "sink/sql/sql_dead_letters.h"

#include <fmt/format.h>

#include <charconv>

namespace ctk::sink::sql {
namespace {

const std::vector<std::string>& columns() {
  static const std::vector<std::string> kColumns = {"id",  "time",    "relay", "shard",  "position", "source_table",
                                                    "key", "version", "kind",  "reason", "change"};
  return kColumns;
}

DeadLetter to_letter(const Cells& row) {
  DeadLetter letter;
  letter.id = row[0].value_or("");
  if (row[1]) letter.time = parse_timestamp(*row[1]).value_or(Timestamp{});
  std::string* texts[] = {&letter.relay,   &letter.shard, &letter.position, &letter.source_table, &letter.key,
                          &letter.version, &letter.kind,  &letter.reason,   &letter.change};
  for (size_t i = 0; i < std::size(texts); ++i) *texts[i] = row[i + 2].value_or("");
  return letter;
}

SqlResult<bool> letters_exist(Driver& driver, const Bookkeeping& at) {
  return own_table_exists(driver, at, "ctk_dead_letters");
}

}  // namespace

std::vector<Statement> keep_dead_letters(const Bookkeeping& at, const std::vector<DeadLetter>& letters) {
  Statement insert;
  const std::vector<std::string> same = {"shard", "position", "change"};
  insert.sql = at.dialect.update_if_same({at.dead_letters, columns(), {"id"}, "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
                                         "reason", same);
  insert.width = columns().size();
  for (const DeadLetter& letter : letters) {
    insert.params.insert(
        insert.params.end(),
        {Param::of(letter.id), Param::of_time(letter.time), Param::of(letter.relay), Param::of(letter.shard),
         Param::of(letter.position), Param::of(letter.source_table), Param::of(letter.key), Param::of(letter.version),
         Param::of(letter.kind), Param::of(letter.reason), Param::of(letter.change)});
  }
  if (at.dialect.belief() == Belief::everything) return {std::move(insert)};
  const auto name = [&](const char* column) { return at.dialect.quote(column); };
  Statement look;
  look.sql = at.dialect.bind(fmt::format("SELECT {} FROM {} WHERE {} = ? AND {} = ? AND {} = ?", name("change"),
                                         at.dead_letters, name("id"), name("shard"), name("position")));
  look.width = 3;
  for (const DeadLetter& letter : letters) {
    look.params.insert(look.params.end(), {Param::of(letter.id), Param::of(letter.shard), Param::of(letter.position)});
  }
  return {std::move(insert), std::move(look)};
}

SqlResult<bool> check_dead_letters_kept(const Answer& kept, const std::vector<DeadLetter>& letters) {
  for (size_t i = 0; i < letters.size() && i < kept.affected.size(); ++i) {
    if (kept.affected[i] == 0) return call_failure(taken_dead_letter_error(letters[i].id));
  }
  for (size_t i = 0; i < kept.rows.size() && i < letters.size(); ++i) {
    const std::string stored = kept.rows[i].front().value_or("");
    if (stored == letters[i].change) continue;
    if (!letters[i].change.starts_with(stored)) return call_failure(taken_dead_letter_error(letters[i].id));
    return call_failure({ErrorKind::refused, fmt::format("the dead letter {} is not stored as it was given", letters[i].id),
                         "", "the database's driver cuts long texts: use another one"});
  }
  return true;
}

std::string id_without_change(const std::string& id) { return id + "-without-change"; }

void withhold_change(DeadLetter& letter) {
  letter.reason += fmt::format(
      "; the change itself, of {} bytes, is longer than the server takes (max_allowed_packet) and is not kept: once the "
      "server takes more, ctk verify --repair writes the item's row",
      letter.change.size());
  letter.change.clear();
  letter.id = id_without_change(letter.id);
}

Statement remove_letters(const Bookkeeping& at, const std::vector<std::string>& ids) {
  Statement remove;
  remove.sql = at.dialect.bind(fmt::format("DELETE FROM {} WHERE {} = ?", at.dead_letters, at.dialect.quote("id")));
  remove.width = 1;
  for (const std::string& id : ids) remove.params.push_back(Param::of(id));
  return remove;
}

SqlResult<std::vector<DeadLetter>> read_dead_letters(Driver& driver, const Bookkeeping& at,
                                                     const std::optional<std::vector<std::string>>& ids) {
  std::vector<DeadLetter> letters;
  if (ids && ids->empty()) return letters;
  SqlResult<bool> there = letters_exist(driver, at);
  if (!there) return forward_failure(std::move(there));
  if (!*there) return letters;
  const Dialect& dialect = at.dialect;
  const std::string id = dialect.quote("id"), time = dialect.quote("time");
  Statement select = look_up(dialect.bind(fmt::format(
      "SELECT {0}, {1}, {2} FROM {3}{4} ORDER BY {5}, {0}", id, dialect.time_text(time),
      dialect.quote_list(std::span(columns()).subspan(2)), at.dead_letters, ids ? " WHERE " + id + " = ?" : "", time)));
  if (ids) {
    select.width = 1;
    for (const std::string& each : *ids) select.params.push_back(Param::of(each));
  }
  SqlResult<Answer> answer = driver.run(std::move(select));
  if (!answer) return forward_failure(std::move(answer));
  for (const Cells& row : answer->rows) letters.push_back(to_letter(row));
  return letters;
}

/// Their sizes first, then as many as fit.
SqlResult<DeadLetterPage> read_dead_letter_page(Driver& driver, const Bookkeeping& at, const std::string& from,
                                                size_t bytes) {
  DeadLetterPage page;
  SqlResult<bool> there = letters_exist(driver, at);
  if (!there) return forward_failure(std::move(there));
  if (!*there) return page;
  const std::string id = at.dialect.quote("id");
  const std::string sql =
      fmt::format("SELECT {0}, {1} FROM {2}{3} ORDER BY {0}{4}", id, at.dialect.length_of(at.dialect.quote("change")),
                  at.dead_letters, from.empty() ? "" : " WHERE " + id + " > ?", at.dialect.first_rows(kMostLettersOfAPage));
  Statement measure = look_up(at.dialect.bind(sql));
  if (!from.empty()) measure = look_up(at.dialect.bind(sql), {Param::of(from)});  // Oracle takes an empty text for NULL
  measure.most_rows = kMostLettersOfAPage;
  SqlResult<Answer> sizes = driver.run(std::move(measure));
  if (!sizes) return forward_failure(std::move(sizes));
  std::vector<std::string> ids;
  size_t taken = 0;
  for (const Cells& row : sizes->rows) {
    size_t size = 0;
    const std::string cell = row[1].value_or("0");
    std::from_chars(cell.data(), cell.data() + cell.size(), size);
    if (!ids.empty() && taken + size > bytes) break;
    taken += size;
    ids.push_back(row[0].value_or(""));
  }
  if (ids.size() < sizes->rows.size() || ids.size() == kMostLettersOfAPage) page.next = ids.back();
  SqlResult<std::vector<DeadLetter>> letters = read_dead_letters(driver, at, std::move(ids));
  if (!letters) return forward_failure(std::move(letters));
  page.letters = std::move(*letters);
  return page;
}

SqlResult<int64_t> count_dead_letters(Driver& driver, const Bookkeeping& at, const std::string& source_table) {
  SqlResult<bool> there = letters_exist(driver, at);
  if (!there) return forward_failure(std::move(there));
  if (!*there) return int64_t{0};
  const std::string sql =
      fmt::format("SELECT count(*) FROM {} WHERE {} = ?", at.dead_letters, at.dialect.quote("source_table"));
  SqlResult<Answer> answer = driver.run(look_up(at.dialect.bind(sql), {Param::of(source_table)}));
  if (!answer) return forward_failure(std::move(answer));
  int64_t count = 0;
  const std::string cell = answer->rows.front()[0].value_or("0");
  std::from_chars(cell.data(), cell.data() + cell.size(), count);
  return count;
}

SqlResult<std::vector<std::pair<std::string, std::string>>> dead_letter_keys(Driver& driver, const Bookkeeping& at,
                                                                             const std::string& source_table) {
  const std::string key = at.dialect.quote("key"), version = at.dialect.quote("version");
  const std::string sql =
      fmt::format("SELECT {}, {} FROM {} WHERE {} = ?", key, version, at.dead_letters, at.dialect.quote("source_table"));
  SqlResult<Answer> answer = driver.run(look_up(at.dialect.bind(sql), {Param::of(source_table)}));
  if (!answer) return forward_failure(std::move(answer));
  std::vector<std::pair<std::string, std::string>> keys;
  for (const Cells& row : answer->rows) {
    const bool whole = !row[0].value_or("").empty() && !row[1].value_or("").empty();
    if (whole) keys.emplace_back(*row[0], *row[1]);
  }
  return keys;
}

}  // namespace ctk::sink::sql
