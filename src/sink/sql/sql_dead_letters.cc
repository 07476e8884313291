#include "sink/sql/sql_dead_letters.h"

#include <fmt/format.h>

#include <charconv>

namespace ctk::sink::sql {
namespace {

constexpr std::string_view kColumns = "id, time, relay, shard, position, source_table, key, version, kind, reason, change";

DeadLetter to_letter(const Cells& row) {
  DeadLetter letter;
  letter.id = row[0].value_or("");
  if (row[1]) letter.time = parse_timestamp(*row[1]).value_or(Timestamp{});
  std::string* texts[] = {&letter.relay,   &letter.shard, &letter.position, &letter.source_table, &letter.key,
                          &letter.version, &letter.kind,  &letter.reason,   &letter.change};
  for (size_t i = 0; i < std::size(texts); ++i) *texts[i] = row[i + 2].value_or("");
  return letter;
}

Tried<bool> letters_exist(Driver& driver, const Bookkeeping& at) {
  return own_table_exists(driver, at, "ctk_dead_letters");
}

}  // namespace

Statement keep_letters(const Bookkeeping& at, const std::vector<DeadLetter>& letters) {
  Statement insert;
  insert.sql = at.dialect.bind(
      fmt::format("INSERT INTO {} AS t ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                  "reason = excluded.reason WHERE t.shard = excluded.shard AND t.position = excluded.position AND "
                  "t.change = excluded.change",
                  at.dead_letters, kColumns));
  insert.width = 11;
  for (const DeadLetter& letter : letters) {
    insert.params.insert(
        insert.params.end(),
        {Param::of(letter.id), Param::of_time(letter.time), Param::of(letter.relay), Param::of(letter.shard),
         Param::of(letter.position), Param::of(letter.source_table), Param::of(letter.key), Param::of(letter.version),
         Param::of(letter.kind), Param::of(letter.reason), Param::of(letter.change)});
  }
  return insert;
}

Tried<bool> check_kept(const Answer& kept, const std::vector<DeadLetter>& letters) {
  for (size_t i = 0; i < letters.size() && i < kept.affected.size(); ++i) {
    if (kept.affected[i] == 0) return broken(taken_letter_error(letters[i].id));
  }
  return true;
}

Tried<std::vector<DeadLetter>> read_letters(Driver& driver, const Bookkeeping& at,
                                            const std::optional<std::vector<std::string>>& ids) {
  std::vector<DeadLetter> letters;
  if (ids && ids->empty()) return letters;
  Tried<bool> there = letters_exist(driver, at);
  if (!there) return broken(std::move(there));
  if (!*there) return letters;
  Statement select = look_up(at.dialect.bind(
      fmt::format("SELECT id, {}, relay, shard, position, source_table, key, version, kind, reason, change FROM {}{} "
                  "ORDER BY time, id",
                  at.dialect.time_text("time"), at.dead_letters, ids ? " WHERE id = ?" : "")));
  if (ids) {
    select.width = 1;
    for (const std::string& id : *ids) select.params.push_back(Param::of(id));
  }
  Tried<Answer> answer = driver.run(std::move(select));
  if (!answer) return broken(std::move(answer));
  for (const Cells& row : answer->rows) letters.push_back(to_letter(row));
  return letters;
}

Tried<int64_t> count_letters(Driver& driver, const Bookkeeping& at, const std::string& source_table) {
  Tried<bool> there = letters_exist(driver, at);
  if (!there) return broken(std::move(there));
  if (!*there) return int64_t{0};
  std::string sql = "SELECT count(*) FROM " + at.dead_letters + " WHERE source_table = ?";
  Tried<Answer> answer = driver.run(look_up(at.dialect.bind(sql), {Param::of(source_table)}));
  if (!answer) return broken(std::move(answer));
  int64_t count = 0;
  const std::string cell = answer->rows.front()[0].value_or("0");
  std::from_chars(cell.data(), cell.data() + cell.size(), count);
  return count;
}

Tried<std::vector<std::pair<std::string, std::string>>> letter_keys(Driver& driver, const Bookkeeping& at,
                                                                    const std::string& source_table) {
  std::string sql =
      "SELECT key, version FROM " + at.dead_letters + " WHERE source_table = ? AND key <> '' AND version <> ''";
  Tried<Answer> answer = driver.run(look_up(at.dialect.bind(sql), {Param::of(source_table)}));
  if (!answer) return broken(std::move(answer));
  std::vector<std::pair<std::string, std::string>> keys;
  for (const Cells& row : answer->rows) keys.emplace_back(row[0].value_or(""), row[1].value_or(""));
  return keys;
}

}  // namespace ctk::sink::sql
