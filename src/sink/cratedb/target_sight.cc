#include "sink/cratedb/target_sight.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include "json/writer.h"
#include "sink/cratedb/definition.h"
#include "sink/cratedb/relations.h"
#include "sink/cratedb/statements.h"
#include "sink/cratedb/tables.h"
#include "sink/own_tables.h"

namespace ctk::sink::cratedb {
namespace {

/// Of the node that has least.
Task<std::optional<uint64_t>> least_free_bytes(Session& session) {
  Statement statement{.sql = "SELECT min(fs['total']['available']) FROM sys.nodes", .args = "", .bulk = ""};
  const SqlResult answer = co_await session.client.run(std::move(statement), Again::never);
  // Not every user may ask, and it is no question of life and death.
  if (!answer || answer->rows.empty() || answer->rows.front().empty()) co_return std::nullopt;
  const std::string& cell = answer->rows.front().front();
  uint64_t bytes = 0;
  const auto [end, failed] = std::from_chars(cell.data(), cell.data() + cell.size(), bytes);
  if (failed != std::errc{} || end != cell.data() + cell.size()) co_return std::nullopt;
  co_return bytes;
}

Result<TableFit> judge(const Definition& definition, const table::TableSpec& spec) {
  if (definition.columns.empty()) {
    if (spec.options.create_table) return TableFit::absent;
    return fail(ErrorKind::not_found, fmt::format("the table {} is not there, and create-table=false", spec.name.str()));
  }
  Result<std::vector<std::string>> missing = missing_own_columns(definition, spec);
  if (!missing) return forward_error(std::move(missing));
  if (missing->empty()) return TableFit::fits;
  if (spec.options.create_table) return TableFit::unfinished;
  return fail(ErrorKind::refused, fmt::format("the table {} lacks our columns, and create-table=false", spec.name.str()));
}

/// The names that a run uses or makes, all in the schema of ours.
std::vector<std::string> names_of(const TargetQuestion& question) {
  std::vector<std::string> names(kOwnTables.begin(), kOwnTables.end());
  if (!question.spec) return names;
  names.push_back(question.spec->name.table);
  if (question.spec->options.history) names.push_back(*question.spec->options.history);
  return names;
}

/// Whether some of them is not there yet, or is not seen by this user.
Task<Result<bool>> makes_something(Session& session, std::string schema, TargetQuestion question) {
  std::vector<std::string> names = names_of(question);
  if (question.spec && question.spec->options.live_view) names.push_back(live_view_name(*question.spec).table);
  Result<Relations> relations = co_await look_at(session, std::move(schema), names);
  if (!relations) co_return forward_error(std::move(relations));
  co_return !question.spec || std::ranges::any_of(names, [&](const auto& name) { return relations->at(name).nothing(); });
}

/// Rights on the schema and on each of the tables, of whom asks. The functions take `schema.table` as it is, unquoted, and
/// tables that are not there: it is the schema's rights then.
Statement select_rights(const std::string& schema, const std::vector<std::string>& tables) {
  std::string sql = "SELECT current_user, has_schema_privilege(?, 'CREATE')", args;
  json::Writer writer(args);
  writer.begin_array();
  writer.string(schema);
  for (const std::string& table : tables) {
    for (const char* right : {"INSERT", "SELECT"}) {
      sql += fmt::format(", has_table_privilege(?, '{}')", right);
      writer.string(schema + "." + table);
    }
  }
  writer.end_array();
  return {.sql = std::move(sql), .args = std::move(args), .bulk = ""};
}

/// Nothing: the server does not tell.
Task<Result<std::optional<Result<std::string>>>> see_rights(Session& session, TargetQuestion question) {
  using Rights = std::optional<Result<std::string>>;
  const std::string schema = session.bookkeeping.tables.schema;
  const std::vector<std::string> tables = names_of(question);
  const auto is_split = [](const std::string& name) { return name.contains('.'); };
  if (is_split(schema) || std::ranges::any_of(tables, is_split)) co_return Rights();
  if (question.spec && question.spec->name.schema != schema) co_return Rights();
  Result<bool> makes = co_await makes_something(session, schema, question);
  if (!makes) co_return forward_error(std::move(makes));
  const SqlResult answer = co_await session.client.run(select_rights(schema, tables), Again::never);
  if (!answer || answer->rows.size() != 1 || answer->rows[0].size() != 2 + 2 * tables.size()) co_return Rights();
  const std::vector<std::string>& row = answer->rows[0];
  const bool creates = *makes && (!question.spec || question.spec->options.create_table);
  std::set<std::string> lacking;
  if (creates && row[1] != "true") lacking.insert("DDL");
  for (size_t i = 2; i < row.size(); ++i) {
    if (row[i] != "true") lacking.insert(i % 2 == 0 ? "DML" : "DQL");
  }
  if (lacking.empty()) co_return Rights("all that a run needs");
  const std::string user = cell_text(row[0]).value_or(""), rights = fmt::format("{}", fmt::join(lacking, ", "));
  co_return Rights(
      fail(ErrorKind::denied, fmt::format("the user {} lacks rights on the schema {}: {}", user, schema, rights), "",
           fmt::format("GRANT {} ON SCHEMA {} TO {}", rights, quote_identifier(schema), quote_identifier(user))));
}

/// What keeps statements off a table, as information_schema names it, and as ALTER TABLE does.
struct Block {
  const char* column;
  const char* says;
  const char* off;
  bool of_full_disk = false;  ///< the server sets it again until there is room
};
/// Read and metadata too: what is written is read again, and new attributes are new columns. `read_only_allow_delete` is
/// what the server sets where a node's disk is full, and refuses every write by key.
constexpr std::array kBlocks = {
    Block{"closed", "it is closed", "OPEN"},
    Block{"settings['blocks']['write']", "blocks.write is set", R"(SET ("blocks.write" = false))"},
    Block{"settings['blocks']['read_only']", "blocks.read_only is set", R"(SET ("blocks.read_only" = false))"},
    Block{"settings['blocks']['read_only_allow_delete']",
          "blocks.read_only_allow_delete is set, as CrateDB does where a disk is full",
          R"(SET ("blocks.read_only_allow_delete" = false))", true},
    Block{"settings['blocks']['read']", "blocks.read is set", R"(SET ("blocks.read" = false))"},
    Block{"settings['blocks']['metadata']", "blocks.metadata is set", R"(SET ("blocks.metadata" = false))"},
};

Statement select_blocks(const std::string& schema, const std::vector<std::string>& tables) {
  std::string sql = "SELECT table_name", args, places;
  for (const Block& block : kBlocks) sql += fmt::format(", {}", block.column);
  json::Writer writer(args);
  writer.begin_array();
  writer.string(schema);
  for (const std::string& table : tables) {
    writer.string(table);
    places += places.empty() ? "?" : ", ?";
  }
  writer.end_array();
  sql += fmt::format(" FROM information_schema.tables WHERE table_schema = ? AND table_name IN ({}) ORDER BY table_name",
                     places);
  return {.sql = std::move(sql), .args = std::move(args), .bulk = ""};
}

/// `refused` where a table that a run writes is closed or blocked: it would wait for as long as that is so. What a server
/// does not tell is no reason to fail.
Task<Status> see_blocks(Session& session, TargetQuestion question) {
  std::map<std::string, std::vector<std::string>> tables;
  tables[session.bookkeeping.tables.schema].assign(kOwnTables.begin(), kOwnTables.end());
  if (question.spec) {
    std::vector<std::string>& beside = tables[question.spec->name.schema];
    beside.push_back(question.spec->name.table);
    if (question.spec->options.history) beside.push_back(*question.spec->options.history);
  }
  std::string seen, mends;
  bool full = false;
  for (const auto& [schema, names] : tables) {
    const SqlResult answer = co_await session.client.run(select_blocks(schema, names), Again::never);
    if (!answer) continue;
    for (const std::vector<std::string>& row : answer->rows) {
      for (size_t i = 0; i < kBlocks.size() && row.size() == kBlocks.size() + 1; ++i) {
        if (row[i + 1] != "true") continue;
        const table::QualifiedName name{schema, cell_text(row[0]).value_or("")};
        seen += fmt::format("{}table {}: {}", seen.empty() ? "" : "; ", name.str(), kBlocks[i].says);
        full = full || kBlocks[i].of_full_disk;
        mends += fmt::format("{}ALTER TABLE {} {}", mends.empty() ? "" : "; ", quote_name(name), kBlocks[i].off);
      }
    }
  }
  if (seen.empty()) co_return {};
  co_return fail(ErrorKind::refused, std::move(seen), "", (full ? "make room on that disk, then: " : "") + mends);
}

/// An error of the outer Result: nobody could be asked.
Task<Result<Result<TableFit>>> see_table(Session& session, table::TableSpec spec) {
  const std::string schema = spec.name.schema;
  const std::vector<std::string> names(1, spec.name.table);
  Result<Relations> relations = co_await look_at(session, schema, names);
  if (!relations) co_return forward_error(std::move(relations));
  const Standing standing = relations->at(spec.name.table);
  Result<std::optional<table::QualifiedName>> room = room_for_table(standing, spec);
  if (!room) co_return Result<TableFit>(forward_error(std::move(room)));
  if (standing.kind != "a table") co_return judge({}, spec);
  Result<Definition> definition = co_await find_definition(session, spec.name);
  if (!definition) co_return forward_error(std::move(definition));
  co_return judge(*definition, spec);
}

}  // namespace

Task<Result<TargetSight>> look_at_target(Session& session, TargetQuestion question) {
  TargetSight sight;
  Result<std::string> version = co_await session.client.server_version();
  if (!version) co_return forward_error(std::move(version));
  sight.server = "CrateDB " + *version;
  if (Result<bool> usable = check_version(*version); !usable) sight.writable = forward_error(std::move(usable));
  if (Result<bool> let_in = co_await connect(session); !let_in) co_return forward_error(std::move(let_in));
  if (Result<bool> ours = co_await check_bookkeeping(session); !ours) sight.writable = forward_error(std::move(ours));
  if (sight.writable) {
    const Status open = co_await see_blocks(session, question);
    sight.writable = open ? Result<std::string>("no table is closed or blocked") : std::unexpected(open.error());
  }
  Result<std::optional<Result<std::string>>> rights = co_await see_rights(session, question);
  if (!rights) co_return forward_error(std::move(rights));
  sight.rights = std::move(*rights);
  if (question.spec) {
    Result<Result<TableFit>> table = co_await see_table(session, *question.spec);
    if (!table && sight.writable) co_return forward_error(std::move(table));
    sight.table = table ? std::move(*table) : Result<TableFit>(forward_error(std::move(table)));  // it is closed
  }
  sight.free_bytes = co_await least_free_bytes(session);
  co_return sight;
}

}  // namespace ctk::sink::cratedb
