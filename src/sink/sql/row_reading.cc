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
#include "table/keys.h"

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

/// How a key's column is shown.
std::string shown_key(const Dialect& dialect, const KeyColumn& key) {
  const std::string column = dialect.quote(key.column);
  return key.column_type == ColumnType::binary ? dialect.hex_of(column) : column;
}

/// As key_list, for rows whose keys may be foreign.
std::string walked_keys(const Dialect& dialect, const table::TableSpec& spec) {
  std::string list;
  for (const KeyColumn& key : spec.keys) {
    const std::string shown = shown_key(dialect, key);
    const std::string written = dialect.written_key(key, shown);
    list += (list.empty() ? "" : ", ") + (written.empty() ? shown : written);
  }
  return list;
}

/// " AND …": no part of the row's key is of a type that is foreign.
std::string of_written_keys(const Dialect& dialect, const table::TableSpec& spec) {
  std::string conditions;
  for (const KeyColumn& key : spec.keys) {
    const std::string written = dialect.written_key(key, shown_key(dialect, key));
    if (!written.empty()) conditions += fmt::format(" AND {} IS NOT NULL", written);
  }
  return conditions;
}

/// A key's cell, of what a walk is shown of it.
KeyCell walked_cell(const table::TableSpec& spec, size_t place, std::string_view shown) {
  const KeyColumn& key = spec.keys[place];
  if (key.column_type == ColumnType::binary) return {KeyCell::Kind::binary, bytes_of(shown), 0, 0};
  if (key.column_type != ColumnType::untyped) return key_cell_of(spec, place, std::string(shown));
  if (shown.starts_with(kTextMark)) return {KeyCell::Kind::text, std::string(shown.substr(1)), 0, 0};
  KeyCell cell{KeyCell::Kind::integer, std::string(shown), 0, 0};
  const char* begin = cell.text.data();
  const char* end = begin + cell.text.size();
  if (std::from_chars(begin, end, cell.integer).ptr == end) return cell;
  cell.kind = KeyCell::Kind::real;
  std::from_chars(begin, end, cell.real);
  return cell;
}

/// As key_text, of what a walk is shown; none where it is not as a relay writes the number that it reads as.
std::optional<std::string> walked_text(const table::TableSpec& spec, const KeyColumn& key, std::string_view shown) {
  const bool untyped = key.column_type == ColumnType::untyped;
  if (key.type != dynamodb::Type::N || (!untyped && key.column_type != ColumnType::text)) return key_text(key, shown);
  const bool text = !untyped || shown.starts_with(kTextMark);
  if (untyped && text) shown.remove_prefix(1);
  if (!dynamodb::is_number(shown)) return std::nullopt;
  KeyCell written{KeyCell::Kind::text, untyped ? "" : dynamodb::canonical_number(shown), 0, 0};
  if (untyped) written = table::untyped_cell(spec.target, shown);
  const bool as_text = written.kind == KeyCell::Kind::text || written.kind == KeyCell::Kind::number;
  if (text != as_text || (text && written.text != shown)) return std::nullopt;
  return std::move(written.text);
}

/// Makes `texts`, whose memory is used again, the key that a row begins with, as walked_keys lists it: empty where it is
/// foreign.
void set_walked_texts(KeyTexts& texts, const table::TableSpec& spec, const auto& row, size_t begin) {
  texts.resize(spec.keys.size());
  for (size_t i = 0; i < spec.keys.size(); ++i) {
    const auto& shown = row[begin + i];
    std::optional<std::string> text = shown ? walked_text(spec, spec.keys[i], *shown) : std::nullopt;
    if (!text) return texts.clear();
    texts[i] = *std::move(text);
  }
}

KeyTexts walked_texts(const table::TableSpec& spec, const Cells& row, size_t begin) {
  KeyTexts texts;
  set_walked_texts(texts, spec, row, begin);
  return texts;
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

/// The key that a page ended with, of its cells as they were shown.
std::vector<KeyCell> walked_cells(const table::TableSpec& spec, const std::vector<std::string>& shown) {
  std::vector<KeyCell> cells;
  for (size_t i = 0; i < shown.size(); ++i) cells.push_back(walked_cell(spec, i, shown[i]));
  return cells;
}

/// The living rows in the order in which they are read some at a time.
class LivingRows {
 public:
  static SqlResult<LivingRows> of(Driver& driver, const Dialect& dialect, const table::TableSpec& spec) {
    SqlResult<std::string> number = dialect.numbers_rows() ? find_row_id(driver, dialect, spec) : std::string();
    if (!number) return forward_failure(std::move(number));
    return LivingRows(dialect, spec, *std::move(number));
  }

  /// The cell in which a row's key begins.
  size_t key_begin() const { return number_.empty() ? 0 : 1; }
  /// Where the rows behind this one begin.
  std::vector<std::string> behind(const Cells& row) const {
    std::vector<std::string> shown;
    for (size_t i = 0; i < (number_.empty() ? spec_.keys.size() : 1); ++i) shown.push_back(row[i].value_or(""));
    return shown;
  }
  /// `columns`: what is listed behind the key, with its comma.
  SqlResult<std::vector<Cells>> read(Driver& driver, const std::vector<std::string>& from, size_t limit,
                                     const std::string& columns) const {
    Behind behind;
    std::vector<KeyCell> key;
    if (!from.empty() && number_.empty()) {
      key = walked_cells(spec_, from);
      behind = behind_key(dialect_, spec_, key);
    } else if (!from.empty()) {
      int64_t last = 0;
      std::from_chars(from.front().data(), from.front().data() + from.front().size(), last);
      behind = {number_ + " > ?", {Param::of_integer(last)}};
    }
    // By its key one of a foreign type could not be gone on behind.
    const std::string sql = fmt::format("SELECT {}{}{} FROM {} WHERE {}{}{} ORDER BY {}{}",
                                        number_.empty() ? "" : number_ + ", ", walked_keys(dialect_, spec_), columns,
                                        dialect_.quote(spec_.name), dialect_.is_not_true(dialect_.quote("cdc_deleted")),
                                        behind.condition.empty() ? "" : " AND " + behind.condition,
                                        number_.empty() ? of_written_keys(dialect_, spec_) : "",
                                        number_.empty() ? dialect_.key_list(spec_) : number_, dialect_.first_rows(limit));
    Statement select = patiently(look_up(dialect_.bind(sql), std::move(behind.params)));
    select.most_rows = limit;
    SqlResult<Answer> answer = driver.run(std::move(select));
    if (!answer) return forward_failure(std::move(answer));
    return std::move(answer->rows);
  }

 private:
  LivingRows(const Dialect& dialect, const table::TableSpec& spec, std::string number)
      : dialect_(dialect), spec_(spec), number_(std::move(number)) {}

  const Dialect& dialect_;
  const table::TableSpec& spec_;
  std::string number_;  ///< the column of the rows' own numbers; empty: they have none, and are read by their keys
};

/// Rows of a page, so that pages are of a size that memory has room for, whatever the next rows are.
constexpr size_t kFirstPage = 16, kMostOfAPage = 128;
constexpr size_t kBytesOfAPage = 4'194'304;

/// For drivers that hold a whole answer: one page after another, each by a range of the index.
SqlResult<bool> walk_in_pages(Driver& driver, const Dialect& dialect, const table::TableSpec& spec, const RowVisit& visit) {
  SqlResult<LivingRows> rows = LivingRows::of(driver, dialect, spec);
  if (!rows) return forward_failure(std::move(rows));
  const std::string columns = fmt::format(", {}, {}", dialect.quote("data"), dialect.quote("aux"));
  const size_t content = rows->key_begin() + spec.keys.size();
  std::vector<std::string> from;
  for (size_t limit = kFirstPage;;) {
    SqlResult<std::vector<Cells>> page = rows->read(driver, from, limit, columns);
    if (!page) return forward_failure(std::move(page));
    size_t bytes = 0;
    for (const Cells& cells : *page) {
      const std::optional<std::string>&data = cells[content], &aux = cells[content + 1];
      bytes += (data ? data->size() : 0) + (aux ? aux->size() : 0);
      if (!visit(walked_texts(spec, cells, rows->key_begin()), data, aux)) return false;
    }
    if (page->size() < limit) return true;
    from = rows->behind(page->back());
    limit = std::clamp(limit * kBytesOfAPage / (bytes + 1), size_t{1}, kMostOfAPage);
  }
}

}  // namespace

std::string key_list(const Dialect& dialect, const table::TableSpec& spec) {
  std::string list;
  for (const KeyColumn& key : spec.keys) list += (list.empty() ? "" : ", ") + shown_key(dialect, key);
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
  SqlResult<LivingRows> rows = LivingRows::of(driver, dialect, spec);
  if (!rows) return forward_failure(std::move(rows));
  SqlResult<std::vector<Cells>> found = rows->read(driver, from, limit, "");
  if (!found) return forward_failure(std::move(found));
  KeyPage page;
  for (const Cells& cells : *found) page.keys.push_back(walked_texts(spec, cells, rows->key_begin()));
  if (page.keys.size() == limit) page.next = rows->behind(found->back());
  return page;
}

SqlResult<bool> walk_rows(Driver& driver, const Dialect& dialect, const table::TableSpec& spec, const RowVisit& visit) {
  const size_t keys = spec.keys.size();
  KeyTexts key;
  bool wanted = true;
  const auto show = [&](std::span<const std::optional<std::string_view>> cells) {
    set_walked_texts(key, spec, cells, 0);
    wanted = visit(key, cells[keys], cells[keys + 1]);
    return wanted;
  };
  const std::string sql =
      fmt::format("SELECT {}, {}, {} FROM {} WHERE {}", walked_keys(dialect, spec), dialect.quote("data"),
                  dialect.quote("aux"), dialect.quote(spec.name), dialect.is_not_true(dialect.quote("cdc_deleted")));
  SqlResult<bool> walked = driver.walk(patiently(look_up(sql)), show);
  if (!walked || *walked || !wanted) return walked;
  return walk_in_pages(driver, dialect, spec, visit);
}

}  // namespace ctk::sink::sql
