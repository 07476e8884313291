#include "sink/cratedb/stored_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>

#include "dynamodb/number.h"
#include "sink/cratedb/row_args.h"
#include "sink/cratedb/statements.h"
#include "sink/cratedb/tables.h"

namespace ctk::sink::cratedb {
namespace {

/// Where a walk through the keys stands. It begins in the index's order, and goes on in the other one from the first key
/// that has a character beyond the first plane.
struct WalkPlace {
  KeyOrder order = KeyOrder::index;
  std::vector<std::string> behind;        ///< the last key in the index's order; empty: none was met
  std::vector<std::string> behind_utf16;  ///< the last one in the other order, of those behind `behind`
};

/// As KeyPage::next has it: the key; or behind an empty word both keys, with empty words for one that is not there.
std::vector<std::string> write_place(WalkPlace place, size_t width) {
  if (place.order == KeyOrder::index) return place.behind;
  std::vector<std::string> words(1);
  place.behind.resize(width);
  place.behind_utf16.resize(width);
  words.insert(words.end(), place.behind.begin(), place.behind.end());
  words.insert(words.end(), place.behind_utf16.begin(), place.behind_utf16.end());
  return words;
}

WalkPlace read_place(std::vector<std::string> words, size_t width) {
  if (words.size() != 1 + 2 * width) return {KeyOrder::index, std::move(words), {}};
  const auto second = words.begin() + 1 + static_cast<ptrdiff_t>(width);
  WalkPlace place{KeyOrder::utf16, {words.begin() + 1, second}, {second, words.end()}};
  if (place.behind[0].empty()) place.behind.clear();
  if (place.behind_utf16[0].empty()) place.behind_utf16.clear();
  return place;
}

/// CrateDB writes characters beyond the first plane as two escapes.
bool holds_surrogates(const std::vector<std::string>& cells, size_t key_columns) {
  return std::ranges::any_of(cells | std::views::take(key_columns), [](const std::string& cell) {
    return cell.contains("\\uD8") || cell.contains("\\uD9") || cell.contains("\\uDA") || cell.contains("\\uDB");
  });
}

/// What a walk reads of each living row, and how an error names it.
struct Walked {
  std::string (*select)(const table::TableSpec&, const std::vector<KeyOrder>&, KeyOrder, size_t);
  std::string_view name;
};

constexpr Walked kKeys = {select_living_keys, "keys"}, kRows = {select_living_rows, "rows"};

Task<Result<Answer>> read_page(Session& session, RowReader::Spec spec, Walked walked, WalkPlace place, size_t limit) {
  std::vector<KeyOrder> behind;
  std::vector<std::string> args;
  const auto lie_behind = [&](const std::vector<std::string>& key, KeyOrder order) {
    if (key.empty()) return;
    behind.push_back(order);
    if (key.size() == 2) args.push_back(key[0]);
    args.insert(args.end(), key.begin(), key.end());
  };
  lie_behind(place.behind, KeyOrder::index);
  lie_behind(place.behind_utf16, KeyOrder::utf16);
  Statement select{.sql = walked.select(*spec, behind, place.order, limit),
                   .args = args.empty() ? "" : fmt::format("[{}]", fmt::join(args, ",")),
                   .bulk = ""};
  co_return co_await run_or_fail(session, std::move(select),
                                 fmt::format("reading {} of {}", walked.name, spec->name.str()));
}

/// Living rows in a walk through the keys, and where it goes on.
struct WalkedRows {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> next;  ///< as KeyPage has it
};

/// The first page refreshes the table.
Task<Result<WalkedRows>> walk(Session& session, RowReader::Spec spec, Walked what, std::vector<std::string> from,
                              size_t limit) {
  if (from.empty()) {
    Result<bool> refreshed = co_await refresh_if_there(session, spec->name);
    if (!refreshed) co_return forward_error(std::move(refreshed));
  }
  const size_t width = spec->keys.size();
  WalkPlace place = read_place(std::move(from), width);
  Result<Answer> answer = co_await read_page(session, spec, what, place, limit);
  if (!answer) co_return forward_error(std::move(answer));
  const auto is_odd = [width](const std::vector<std::string>& cells) { return holds_surrogates(cells, width); };
  auto odd = place.order == KeyOrder::index ? std::ranges::find_if(answer->rows, is_odd) : answer->rows.end();
  if (odd != answer->rows.end()) place.order = KeyOrder::utf16;
  if (odd != answer->rows.end() && odd == answer->rows.begin()) {
    answer = co_await read_page(session, spec, what, place, limit);
    if (!answer) co_return forward_error(std::move(answer));
    odd = answer->rows.end();
  }
  // Before such a key nothing was left out. What is behind comes in the other order.
  const bool turns = odd != answer->rows.end();
  const bool ends = !turns && answer->rows.size() < limit;
  answer->rows.erase(odd, answer->rows.end());
  WalkedRows walked;
  if (!ends) {
    std::vector<std::string>& behind = place.order == KeyOrder::index || turns ? place.behind : place.behind_utf16;
    behind = answer->rows.back();
    behind.resize(width);
    walked.next = write_place(place, width);
  }
  walked.rows = std::move(answer->rows);
  co_return walked;
}

/// How many rows a page of a walk has at first, and at most; and what it is to hold.
constexpr size_t kFirstRows = 30, kMostRows = 2'000, kPageBytes = size_t{2} << 20;

/// By what the last ones had, and not too many more at once: those behind them may be larger.
size_t rows_of_next_page(size_t rows, size_t bytes, size_t limit) {
  const size_t fitting = rows == 0 ? limit : kPageBytes / (bytes / rows + 1);
  return std::clamp(std::min(fitting, limit * 4), kFirstRows, kMostRows);
}

std::optional<std::string> json_cell(std::string& raw) {
  if (raw == "null") return std::nullopt;
  return std::move(raw);
}

}  // namespace

KeyTexts key_texts(const table::TableSpec& spec, const std::vector<std::string>& cells) {
  KeyTexts texts;
  for (size_t i = 0; i < spec.keys.size(); i++) {
    std::string text = cell_text(cells[i]).value_or("");
    const bool number = spec.keys[i].type == dynamodb::Type::N && dynamodb::is_number(text);
    texts.push_back(number ? dynamodb::canonical_number(text) : std::move(text));
  }
  return texts;
}

KeyTexts key_texts(const std::vector<table::KeyCell>& key) {
  KeyTexts texts;
  for (const table::KeyCell& cell : key) texts.push_back(cell.text);
  return texts;
}

Task<Result<RowReader::Rows>> read_rows(Session& session, RowReader::Spec spec,
                                        std::vector<std::vector<table::KeyCell>> keys) {
  RowReader::Rows rows(keys.size());
  const size_t width = spec->keys.size();
  const size_t at_once = keys_at_once(width);
  for (size_t begin = 0; begin < keys.size(); begin += at_once) {
    const size_t count = std::min(at_once, keys.size() - begin);
    std::vector<std::string> args;
    std::map<KeyTexts, size_t> places;
    for (size_t i = begin; i < begin + count; i++) {
      for (const table::KeyCell& cell : keys[i]) args.push_back(key_arg(cell));
      places.emplace(key_texts(keys[i]), i);
    }
    Statement select{.sql = select_whole_rows(*spec, count), .args = fmt::format("[{}]", fmt::join(args, ",")), .bulk = ""};
    Result<Answer> answer = co_await run_or_fail(session, std::move(select), "reading rows of " + spec->name.str());
    if (!answer) co_return forward_error(std::move(answer));
    for (std::vector<std::string>& cells : answer->rows) {
      if (cells.size() != width + 4) continue;
      const auto place = places.find(key_texts(*spec, cells));
      if (place == places.end()) continue;
      rows[place->second] = HeldRow{json_cell(cells[width]), json_cell(cells[width + 1]),
                                    cell_text(cells[width + 2]).value_or(""), cells[width + 3] == "true"};
    }
  }
  co_return rows;
}

Task<Result<KeyPage>> read_keys(Session& session, RowReader::Spec spec, std::vector<std::string> from, size_t limit) {
  Result<WalkedRows> walked = co_await walk(session, spec, kKeys, std::move(from), limit);
  if (!walked) co_return forward_error(std::move(walked));
  KeyPage page;
  page.next = std::move(walked->next);
  for (const std::vector<std::string>& cells : walked->rows) {
    if (cells.size() == spec->keys.size()) page.keys.push_back(key_texts(*spec, cells));
  }
  co_return page;
}

Task<Result<bool>> walk_rows(Session& session, RowReader::Spec spec, RowVisit visit) {
  const size_t width = spec->keys.size();
  std::vector<std::string> from;
  size_t limit = kFirstRows;
  do {
    Result<WalkedRows> walked = co_await walk(session, spec, kRows, std::move(from), limit);
    if (!walked) co_return forward_error(std::move(walked));
    size_t bytes = 0;
    for (const std::vector<std::string>& cells : walked->rows) {
      if (cells.size() != width + 2) continue;
      for (const std::string& cell : cells) bytes += cell.size();
      const auto content = [&](size_t column) -> std::optional<std::string_view> {
        return cells[column] == "null" ? std::nullopt : std::optional<std::string_view>(cells[column]);
      };
      if (!visit(key_texts(*spec, cells), content(width), content(width + 1))) co_return false;
    }
    limit = rows_of_next_page(walked->rows.size(), bytes, limit);
    from = std::move(walked->next);
  } while (!from.empty());
  co_return true;
}

Task<Result<table::LearnedTypes>> learned_types(Session& session, RowReader::Spec spec) {
  Result<Definition> definition = co_await find_definition(session, spec->name);
  if (!definition) co_return forward_error(std::move(definition));
  co_return learn(*definition);
}

}  // namespace ctk::sink::cratedb
