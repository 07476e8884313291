#include "sink/cratedb/witnesses.h"

#include <fmt/format.h>

#include <algorithm>

#include "sink/cratedb/row_args.h"
#include "sink/cratedb/statements.h"
#include "sink/cratedb/stored_rows.h"
#include "sink/cratedb/tables.h"

namespace ctk::sink::cratedb {

using coordination::TableFound;
using coordination::TableRecord;
using coordination::Witnesses;
using coordination::WitnessRows;

Task<Result<WitnessRows>> find_rows(Session& session, const table::TableSpec& spec, const Witnesses& keys) {
  struct Asked {
    std::string key;
    std::vector<std::string> cells;
  };
  std::map<KeyTexts, Asked> asked;
  WitnessRows found;
  for (const auto& [key, version] : keys) {
    auto cells = key_cells(spec, key);
    if (!cells) continue;
    KeyTexts texts = key_texts(spec, *cells);
    if (asked.emplace(std::move(texts), Asked{key, std::move(*cells)}).second) found.asked.emplace(key, version);
  }
  const size_t width = spec.keys.size();
  for (auto next = asked.begin(); next != asked.end();) {
    std::vector<std::string> args;
    size_t count = 0;
    for (; next != asked.end() && count < keys_at_once(width); ++next, ++count) {
      args.insert(args.end(), next->second.cells.begin(), next->second.cells.end());
    }
    Statement select{.sql = select_rows(spec, count), .args = fmt::format("[{}]", fmt::join(args, ",")), .bulk = ""};
    Result<Answer> answer = co_await run_or_fail(session, std::move(select), "looking at rows of " + spec.name.str());
    if (!answer) co_return forward_error(std::move(answer));
    for (const auto& row : answer->rows) {
      if (row.size() != width + 2) continue;
      const auto of = asked.find(key_texts(spec, row));
      if (of == asked.end()) continue;
      found.rows.push_back({of->second.key, cell_text(row[width]).value_or(""), row[width + 1] == "true"});
    }
  }
  co_return found;
}

Task<Result<RowVersions>> read_versions(Session& session, table::TableSpec spec, std::vector<std::string> keys) {
  Witnesses asked;
  for (std::string& key : keys) asked.emplace(std::move(key), "");
  Result<WitnessRows> found = co_await find_rows(session, spec, asked);
  if (!found) co_return forward_error(std::move(found));
  RowVersions versions;
  for (coordination::WitnessRow& row : found->rows) versions.emplace(std::move(row.key), std::move(row.version));
  co_return versions;
}

Task<Result<TableFound>> look_at_table(Session& session, const table::TableSpec& spec, const Definition& definition,
                                       const TableRecord& record) {
  if (definition.columns.empty()) {
    // Somebody may have made it, and its record, since it was looked for.
    Result<bool> there = co_await table_exists(session, spec.name);
    if (!there) co_return forward_error(std::move(there));
    co_return *there ? TableFound::as_recorded : TableFound::gone;
  }
  if (record.witnesses.empty()) co_return TableFound::as_recorded;
  // Rows that we wrote have a version.
  if (definition.find("cdc_version") == nullptr) co_return TableFound::emptied;
  Result<WitnessRows> found = co_await find_rows(session, spec, record.witnesses);
  if (!found) co_return forward_error(std::move(found));
  co_return coordination::judge_witnesses(*found);
}

Task<Result<std::string>> highest_version(Session& session, const table::TableSpec& spec, const Definition& definition) {
  if (definition.find("cdc_version") == nullptr) co_return std::string();
  Result<bool> refreshed = co_await refresh_if_there(session, spec.name);
  if (!refreshed) co_return forward_error(std::move(refreshed));
  Statement select{.sql = select_highest_version(spec.name), .args = "", .bulk = ""};
  Result<Answer> answer = co_await run_or_fail(session, std::move(select), "looking at rows of " + spec.name.str());
  if (!answer) co_return forward_error(std::move(answer));
  if (answer->rows.empty() || answer->rows[0].empty()) co_return std::string();
  co_return cell_text(answer->rows[0][0]).value_or("");
}

Task<Result<bool>> renew_witnesses(Session& session, const table::TableSpec& spec, std::string table, Witnesses fresh,
                                   std::string bound) {
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; i++) {
    Result<std::optional<StoredRecord>> stored = co_await find_record(session, table);
    if (!stored) co_return forward_error(std::move(stored));
    if (!*stored || !session.bookkeeping.has_witnesses) co_return true;
    TableRecord record = (*stored)->record;
    if (record.witnesses.empty() && fresh.empty()) co_return true;
    Result<WitnessRows> old = co_await find_rows(session, spec, record.witnesses);
    if (!old) co_return forward_error(std::move(old));
    const TableFound sight = coordination::judge_witnesses(*old);
    if (sight != TableFound::as_recorded) co_return std::unexpected(coordination::lost_table_error(table, sight));
    Result<WitnessRows> young = co_await find_rows(session, spec, fresh);
    if (!young) co_return forward_error(std::move(young));
    Witnesses next = coordination::next_witnesses(*old, *young, bound);
    // A higher version of the same rows tells nothing that is worth a write.
    const bool same =
        std::ranges::equal(next, record.witnesses, {}, &Witnesses::value_type::first, &Witnesses::value_type::first);
    if (same && fresh.empty()) co_return true;
    record.witnesses = std::move(next);
    Result<bool> noted = co_await store_record(session, **stored, std::move(record));
    if (!noted || *noted) co_return noted;
  }
  co_return fail(ErrorKind::unreachable, "ctk_tables changes faster than it can be written");
}

}  // namespace ctk::sink::cratedb
