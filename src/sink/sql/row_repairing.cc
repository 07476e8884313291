#include "sink/sql/row_repairing.h"

#include <fmt/format.h>

#include "sink/sql/sql_schema.h"
#include "sink/sql/sql_writer.h"
#include "sink/sql/transaction.h"

namespace ctk::sink::sql {
namespace {

/// `"cdc_version"` is what it was, unbound, with its parameter where it has one.
std::string still_at(const Dialect& dialect, const std::string& version, std::vector<Param>& params) {
  const std::string column = dialect.quote("cdc_version");
  if (version.empty()) return column + " IS NULL";
  params.push_back(Param::of(version));
  return dialect.bytewise(column) + " = ?";
}

/// An UPDATE of one row, if it still has its version.
Statement update(const Dialect& dialect, const table::TableSpec& spec, const RowRepair& repair,
                 const std::string& assignments, std::vector<Param> params) {
  for (const table::KeyCell& cell : repair.key) params.push_back(Param::of_key(cell));
  const std::string version = still_at(dialect, *repair.version, params);
  return statement(dialect.bind(fmt::format("UPDATE {} SET {} WHERE {} AND {}", dialect.quote(spec.name), assignments,
                                            dialect.key_condition(spec), version)),
                   std::move(params));
}

Statement mark(const Dialect& dialect, const table::TableSpec& spec, const RowRepair& repair) {
  std::string assignments = dialect.quote("cdc_deleted") + " = ?";
  if (spec.options.deletes != table::Deletes::soft) {
    assignments += fmt::format(", {} = NULL, {} = NULL", dialect.quote("data"), dialect.quote("aux"));
  }
  return update(dialect, spec, repair, assignments, {Param::of_boolean(true)});
}

/// It views the row.
Statement rewrite(const Dialect& dialect, const table::TableSpec& spec, const RowRepair& repair, const table::Row& row) {
  const std::string assignments =
      fmt::format("{} = ?, {} = ?, {} = ?", dialect.quote("data"), dialect.quote("aux"), dialect.quote("cdc_deleted"));
  return update(dialect, spec, repair, assignments,
                {Param::of_json(row.data), Param::of_json(row.aux), Param::of_boolean(false)});
}

/// A table that a load would refuse is not written to: where its key takes two texts for one, a row that is missing would
/// be written over another one.
Result<bool> may_be_repaired(Driver& driver, const Dialect& dialect, const table::TableSpec& spec) {
  SqlResult<FoundTable> found = describe_table(driver, dialect, spec.name);
  if (!found) return std::unexpected(call_error(std::move(found).error()));
  const Result<TableFit> fit = judge_schema(dialect, spec, *found);
  if (!fit) return std::unexpected(fit.error());
  if (*fit == TableFit::fits) return true;
  return fail(ErrorKind::refused, fmt::format("the table {} lacks columns of ours", spec.name.str()), "",
              "ctk load adds them");
}

}  // namespace

Result<bool> repair_rows(Driver& driver, const Dialect& dialect, const table::TableSpec& spec, coordination::Epoch epoch,
                         const std::vector<RowRepair>& repairs) {
  if (Result<bool> may = may_be_repaired(driver, dialect, spec); !may) return may;
  const auto renderer = std::make_shared<const table::Renderer>(spec);
  const RowTable table(dialect, renderer);
  for (const RowRepair& repair : repairs) {
    table::Rendered rendered;
    if (repair.item) rendered = renderer->render(*repair.item, epoch);
    const auto* row = std::get_if<table::Row>(&rendered);
    if (row == nullptr || (!repair.item && !repair.version)) continue;
    std::vector<Statement> statements;
    if (!repair.version) {
      statements = table.writes({row});
    } else {
      statements.push_back(repair.item ? rewrite(dialect, spec, repair, *row) : mark(dialect, spec, repair));
    }
    const Result<bool> written = transact<bool>(driver, dialect, [&](Driver& inside) -> SqlResult<bool> {
      if (SqlResult<std::vector<Answer>> done = inside.run(std::span(statements)); !done)
        return forward_failure(std::move(done));
      return true;
    });
    // Refused for itself: it stays as it is.
    if (!written && written.error().kind != ErrorKind::refused) return written;
  }
  return true;
}

}  // namespace ctk::sink::sql
