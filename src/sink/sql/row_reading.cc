#include "sink/sql/row_reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <map>

#include "dynamodb/number.h"
#include "sink/sql/key_lookup.h"
#include "sink/sql/row_names.h"
#include "sink/sql/transaction.h"

namespace ctk::sink::sql {
namespace {

using table::ColumnType;
using table::KeyCell;
using table::KeyColumn;

/// Keys that one statement asks for at most.
constexpr size_t kKeysAtOnce = 256;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return (c | 0x20) - 'a' + 10;
}

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(hex_digit(hex[i]) * 16 + hex_digit(hex[i + 1]));
  }
  return bytes;
}

std::string content_list(const Dialect& dialect) {
  return fmt::format("{}, {}, {}, CASE WHEN {} THEN 1 END", dialect.quote("data"), dialect.quote("aux"),
                     dialect.quote("cdc_version"), dialect.is_true(dialect.quote("cdc_deleted")));
}

std::string key_text(const KeyColumn& key, std::string_view cell) {
  if (key.column_type == ColumnType::binary) return bytes_of(cell);
  const bool number = key.type == dynamodb::Type::N && dynamodb::is_number(cell);
  return number ? dynamodb::canonical_number(cell) : std::string(cell);
}

HeldRow held_row(Cells& cells, size_t begin) {
  return {std::move(cells[begin]), std::move(cells[begin + 1]), cells[begin + 2].value_or(""),
          cells[begin + 3].has_value()};
}

SqlResult<RowReader::Rows> read_row_by_row(Driver& driver, const Dialect& dialect, const table::TableSpec& spec,
                                           const std::vector<std::vector<KeyCell>>& keys) {
  KeyLookup lookup(dialect, spec, {.columns = content_list(dialect)});
  for (const std::vector<KeyCell>& key : keys) lookup.ask(key);
  SqlResult<std::vector<std::optional<Cells>>> found = lookup.run(driver);
  if (!found) return forward_failure(std::move(found));
  RowReader::Rows rows;
  for (std::optional<Cells>& cells : *found) {
    rows.push_back(cells ? std::optional(held_row(*cells, 0)) : std::nullopt);
  }
  return rows;
}

/// Reads the rows of `keys` into `rows` from `begin` on. The last key is repeated up to a power of two: few texts to
/// prepare.
SqlResult<bool> read_list(Driver& driver, const Dialect& dialect, const table::TableSpec& spec,
                          std::span<const std::vector<KeyCell>> keys, std::span<std::optional<HeldRow>> rows) {
  std::map<KeyTexts, size_t> places;
  std::vector<Param> params;
  const size_t asked = std::bit_ceil(keys.size());
  for (size_t i = 0; i < asked; ++i) {
    for (const KeyCell& cell : keys[std::min(i, keys.size() - 1)]) params.push_back(Param::of_key(cell));
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    KeyTexts texts;
    for (const KeyCell& cell : keys[i]) texts.push_back(cell.text);
    places.emplace(std::move(texts), i);
  }
  const std::string sql = fmt::format("SELECT {}, {} FROM {} WHERE {}", key_list(dialect, spec), content_list(dialect),
                                      dialect.quote(spec.name), dialect.key_in(spec, asked));
  SqlResult<Answer> answer = driver.run(look_up(dialect.bind(sql), std::move(params)));
  if (!answer) return forward_failure(std::move(answer));
  for (Cells& cells : answer->rows) {
    const auto place = places.find(key_texts(spec, cells, 0));
    if (place != places.end()) rows[place->second] = held_row(cells, spec.keys.size());
  }
  return true;
}

/// "the row comes behind this one", unbound, and its parameters.
struct Behind {
  std::string condition;
  std::vector<Param> params;
};

Behind behind_key(const Dialect& dialect, const table::TableSpec& spec, const std::vector<KeyCell>& key) {
  const std::string first = dialect.key_column(spec.keys.front());
  if (key.size() == 1) return {first + " > ?", {Param::of_key(key[0])}};
  const std::string second = dialect.key_column(spec.keys.back());
  std::vector<Param> params = {Param::of_key(key[0]), Param::of_key(key[0]), Param::of_key(key[1])};
  switch (dialect.key_range()) {
    case KeyRange::tuple:
      return {fmt::format("({}, {}) > (?, ?)", first, second), {Param::of_key(key[0]), Param::of_key(key[1])}};
    case KeyRange::written_out:
      return {fmt::format("({0} > ? OR ({0} = ? AND {1} > ?))", first, second), std::move(params)};
    case KeyRange::from_first: break;
  }
  return {fmt::format("({0} >= ? AND ({0} > ? OR {1} > ?))", first, second), std::move(params)};
}

std::vector<KeyCell> key_cells_of(const table::TableSpec& spec, const std::vector<std::string>& texts) {
  std::vector<KeyCell> cells;
  for (size_t i = 0; i < texts.size(); ++i) cells.push_back(key_cell_of(spec, i, texts[i]));
  return cells;
}

}  // namespace

std::string key_list(const Dialect& dialect, const table::TableSpec& spec) {
  std::string list;
  for (const KeyColumn& key : spec.keys) {
    const std::string column = dialect.quote(key.column);
    list += (list.empty() ? "" : ", ") + (key.column_type == ColumnType::binary ? dialect.hex_of(column) : column);
  }
  return list;
}

KeyTexts key_texts(const table::TableSpec& spec, const Cells& cells, size_t begin) {
  KeyTexts texts;
  for (size_t i = 0; i < spec.keys.size(); ++i) texts.push_back(key_text(spec.keys[i], cells[begin + i].value_or("")));
  return texts;
}

SqlResult<RowReader::Rows> read_rows(Driver& driver, const Dialect& dialect, const table::TableSpec& spec,
                                     const std::vector<std::vector<KeyCell>>& keys) {
  // One row a statement costs a database nothing that is reached without a network.
  if (dialect.rows_per_insert() == 1) return read_row_by_row(driver, dialect, spec, keys);
  RowReader::Rows rows(keys.size());
  for (size_t begin = 0; begin < keys.size(); begin += kKeysAtOnce) {
    const size_t count = std::min(kKeysAtOnce, keys.size() - begin);
    SqlResult<bool> read =
        read_list(driver, dialect, spec, std::span(keys).subspan(begin, count), std::span(rows).subspan(begin, count));
    if (!read) return forward_failure(std::move(read));
  }
  return rows;
}

SqlResult<KeyPage> read_keys(Driver& driver, const Dialect& dialect, const table::TableSpec& spec,
                             const std::vector<std::string>& from, size_t limit) {
  SqlResult<std::string> id = dialect.numbers_rows() ? find_row_id(driver, dialect, spec) : std::string();
  if (!id) return forward_failure(std::move(id));
  const std::string number = std::move(*id);
  const std::string order = number.empty() ? dialect.key_list(spec) : number;
  Behind behind;
  std::vector<KeyCell> key;
  if (!from.empty() && number.empty()) {
    key = key_cells_of(spec, from);
    behind = behind_key(dialect, spec, key);
  } else if (!from.empty()) {
    int64_t last = 0;
    std::from_chars(from.front().data(), from.front().data() + from.front().size(), last);
    behind = {number + " > ?", {Param::of_integer(last)}};
  }
  const std::string sql =
      fmt::format("SELECT {}{} FROM {} WHERE {}{} ORDER BY {}{}", number.empty() ? "" : number + ", ",
                  key_list(dialect, spec), dialect.quote(spec.name), dialect.is_not_true(dialect.quote("cdc_deleted")),
                  behind.condition.empty() ? "" : " AND " + behind.condition, order, dialect.first_rows(limit));
  Statement select = patiently(look_up(dialect.bind(sql), std::move(behind.params)));
  select.most_rows = limit;
  SqlResult<Answer> answer = driver.run(std::move(select));
  if (!answer) return forward_failure(std::move(answer));
  const size_t begin = number.empty() ? 0 : 1;
  KeyPage page;
  for (const Cells& cells : answer->rows) page.keys.push_back(key_texts(spec, cells, begin));
  if (page.keys.size() < limit) return page;
  page.next = number.empty() ? page.keys.back() : std::vector{answer->rows.back()[0].value_or("")};
  return page;
}

SqlResult<bool> walk_rows(Driver& driver, const Dialect& dialect, const table::TableSpec& spec, const RowVisit& visit) {
  const size_t keys = spec.keys.size();
  KeyTexts key(keys);
  const auto show = [&](std::span<const std::optional<std::string_view>> cells) {
    for (size_t i = 0; i < keys; ++i) key[i] = key_text(spec.keys[i], cells[i].value_or(""));
    return visit(key, cells[keys], cells[keys + 1]);
  };
  const std::string sql =
      fmt::format("SELECT {}, {}, {} FROM {} WHERE {}", key_list(dialect, spec), dialect.quote("data"),
                  dialect.quote("aux"), dialect.quote(spec.name), dialect.is_not_true(dialect.quote("cdc_deleted")));
  return driver.walk(patiently(look_up(sql)), show);
}

}  // namespace ctk::sink::sql
