#include "sink/cratedb/stored_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "dynamodb/number.h"
#include "sink/cratedb/row_args.h"
#include "sink/cratedb/statements.h"

namespace ctk::sink::cratedb {
namespace {

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
  if (from.empty()) {
    Result<bool> refreshed = co_await refresh_if_there(session, spec->name);
    if (!refreshed) co_return forward_error(std::move(refreshed));
  }
  const bool behind = !from.empty();
  if (from.size() == 2) from.insert(from.begin(), from.front());
  Statement select{.sql = select_living_keys(*spec, behind, limit),
                   .args = behind ? fmt::format("[{}]", fmt::join(from, ",")) : "",
                   .bulk = ""};
  Result<Answer> answer = co_await run_or_fail(session, std::move(select), "reading keys of " + spec->name.str());
  if (!answer) co_return forward_error(std::move(answer));
  KeyPage page;
  for (const std::vector<std::string>& cells : answer->rows) {
    if (cells.size() == spec->keys.size()) page.keys.push_back(key_texts(*spec, cells));
  }
  if (answer->rows.size() == limit) page.next = answer->rows.back();
  co_return page;
}

}  // namespace ctk::sink::cratedb
