#include "sink/cratedb/testing/fake_engine.h"

namespace ctk::sink::cratedb::testing {
namespace {

constexpr size_t kReasonsPerShard = 10;

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

Outcome count_only(int64_t rowcount) { return {.columns = {}, .types = {}, .rows = {{}}, .rowcount = rowcount}; }

SqlResult<Outcome> from_ddl(SqlResult<int64_t> rowcount) {
  if (!rowcount) return std::unexpected(rowcount.error());
  return count_only(*rowcount);
}

/// A single statement's row: its error is the request's, except for what the server then keeps to itself.
SqlResult<Outcome> from_row(SqlResult<std::vector<RowOutcome>> rows) {
  if (!rows) return std::unexpected(rows.error());
  const RowOutcome& row = rows->at(0);
  if (!row.error) return count_only(row.rowcount);
  const bool kept_quiet = row.error->message.starts_with("ClassCastException");
  if (kept_quiet || row.error->code == 40411 || row.error->code == 4092) return count_only(0);
  return std::unexpected(*row.error);
}

SqlResult<Outcome> insert_one(Table& table, const Insert& statement, const Parameters& parameters) {
  auto written = from_row(Writing(table).insert(statement, {parameters}));
  if (!written || statement.returning.empty()) return written;
  // What was written last has the highest number.
  const Document* newest = nullptr;
  for (const auto& [key, document] : table.documents) {
    if (!newest || document.seq_no > newest->seq_no) newest = &document;
  }
  Outcome outcome{.columns = {}, .types = {}, .rows = {{}}, .rowcount = 1};
  for (const Expr& expr : statement.returning) {
    auto value = evaluate(expr, {.row = newest, .parameters = &parameters});
    if (!value) return std::unexpected(value.error());
    outcome.columns.push_back(expr.column_text());
    outcome.types.emplace_back();
    outcome.rows[0].push_back(std::move(*value));
  }
  return outcome;
}

void hush_later_errors(std::vector<RowOutcome>& rows) {
  std::map<size_t, size_t> reported;
  for (RowOutcome& row : rows) {
    if (row.error && ++reported[row.shard] > kReasonsPerShard) row.error.reset();
  }
}

SqlError not_in_bulk() {
  return {4004, "UnsupportedFeatureException[Bulk operations for statements that return result sets is not supported]"};
}

}  // namespace

SqlResult<Outcome> Engine::run(const Parsed& statement, const Parameters& parameters) {
  const auto with_table = [&](const TableName& name, auto write,
                              std::string_view operation = "INSERT") -> SqlResult<Outcome> {
    auto table = store_.find(name, operation);
    if (!table) return std::unexpected(table.error());
    return write(**table);
  };
  return std::visit(
      Match{
          [&](const CreateTable& create) { return from_ddl(create_table(store_, create)); },
          [&](const CreateView& create) { return from_ddl(create_view(store_, create)); },
          [&](const Drop& statement_drop) { return from_ddl(drop(store_, statement_drop)); },
          [&](const AddColumns& add) { return from_ddl(add_columns(store_, add)); },
          [&](const DropColumn& column) { return from_ddl(drop_column(store_, column)); },
          [&](const SetBlock& block) { return from_ddl(set_block(store_, block)); },
          [&](const Select& select) { return run_select(store_, select, parameters, now_ms); },
          [&](const Insert& insert) {
            return with_table(insert.name, [&](Table& table) { return insert_one(table, insert, parameters); });
          },
          [&](const Update& update) {
            return with_table(update.name,
                              [&](Table& table) { return from_row(Writing(table).update(update, {parameters})); });
          },
          [&](const Delete& remove) {
            return with_table(remove.name,
                              [&](Table& table) { return from_row(Writing(table).remove(remove, {parameters})); });
          },
          [&](const ShowCreate& show) {
            const auto shown = [&](Table& table) -> SqlResult<Outcome> {
              if (auto refusal = blocked(table, "SHOW CREATE")) return std::unexpected(*std::move(refusal));
              return Outcome{.columns = {"SHOW CREATE TABLE " + show.name.str()},
                             .types = {{.kind = Type::Kind::text, .columns = {}, .element = {}}},
                             .rows = {{Value::of_text(show_create_table(table))}},
                             .rowcount = 1};
            };
            return with_table(show.name, shown, "SHOW CREATE");
          },
          [&](const Refresh& refresh) {
            const auto refreshed = [](Table& table) -> SqlResult<Outcome> {
              if (auto refusal = blocked(table, "REFRESH")) return std::unexpected(*std::move(refusal));
              table.visible = table.documents;
              return count_only(1);
            };
            return with_table(refresh.name, refreshed, "REFRESH");
          },
      },
      statement);
}

SqlResult<std::vector<RowOutcome>> Engine::run_bulk(const Parsed& statement, const std::vector<Parameters>& rows) {
  const auto with_table = [&](const TableName& name, auto write) -> SqlResult<std::vector<RowOutcome>> {
    auto table = store_.find(name);
    if (!table) return std::unexpected(table.error());
    auto outcomes = write(Writing(**table));
    if (outcomes) hush_later_errors(*outcomes);
    return outcomes;
  };
  if (const auto* insert = std::get_if<Insert>(&statement)) {
    if (!insert->returning.empty()) return std::unexpected(not_in_bulk());
    return with_table(insert->name, [&](Writing writing) { return writing.insert(*insert, rows); });
  }
  if (const auto* update = std::get_if<Update>(&statement)) {
    return with_table(update->name, [&](Writing writing) { return writing.update(*update, rows); });
  }
  if (const auto* remove = std::get_if<Delete>(&statement)) {
    return with_table(remove->name, [&](Writing writing) { return writing.remove(*remove, rows); });
  }
  return std::unexpected(not_in_bulk());
}

}  // namespace ctk::sink::cratedb::testing
