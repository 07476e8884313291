#include "cli/verify_plan.h"

#include <fmt/format.h>

#include "cli/load_plan.h"
#include "cli/odbc_question.h"

namespace ctk::cli {

Result<VerifyPlan> plan_verify(const VerifyCommand& command, const aws::Environment& environment, const IsFile& is_file) {
  if (auto checked = check_order(command.source, command.target.argument); !checked)
    return forward_error(std::move(checked));
  const auto no_table = [] {
    return usage(
        "a file has no table that could be compared: expected dynamodb://, dynamodb+cdc://, or "
        "kinesis+dynamodb+cdc:// with source-table");
  };
  // Before the option below, which nobody gave, is refused for it.
  if (command.source.starts_with("file+") || names_a_file(command.source, is_file)) return no_table();
  // What a load of the table alone reads, whatever the URL says of a stream.
  FlagValues flags = command.target.flags;
  flags.emplace_back("snapshot", "only");
  auto source = plan_source(command.source, flags, environment, is_file);
  if (!source) return forward_error(std::move(source));
  if (!source->scan) return no_table();
  const auto url = find_target(command.target.argument, command.target.flag, environment);
  if (!url) return forward_error(Result<std::string>(url));
  auto target = plan_target(*url, command.target.flags, ask_odbc());
  if (!target) return forward_error(std::move(target));
  if (!target->target.kind->holds_own_tables) {
    return usage(
        "an ndjson target holds no rows that could be compared: expected crate://, postgresql://, mysql://, "
        "mariadb://, sqlite:/// or odbc:");
  }
  VerifyPlan plan{std::move(*source), std::move(target->target), {}};
  if (auto read = read_selection(plan.source.options, plan.target.tables); !read) return forward_error(std::move(read));
  verify::VerifyOptions& verify = plan.verify;
  verify.table = aws::TableName(plan.source.scan->table);
  verify.schema = plan.target.schema;
  verify.target_table = plan.target.table;
  verify.tables = plan.target.tables;
  verify.segments = plan.source.options.integer("segments");
  verify.settle = command.settle;
  verify.sample = command.sample;
  verify.repair = command.repair;
  const OptionValues& of_source = plan.source.options;
  verify.start_timeout = duration_of_run(of_source, target->options, "start-timeout", verify.start_timeout);
  verify.give_up = duration_of_run(of_source, target->options, "give-up", verify.give_up);
  plan.target.start_timeout = verify.start_timeout;
  return plan;
}

std::string totals_text(const verify::VerifyTotals& totals, bool with_repaired) {
  std::string text =
      fmt::format("items {}, rows {}, equal {}, missing {}, extra {}, different {}, settled {}", totals.items, totals.rows,
                  totals.equal, totals.missing, totals.extra, totals.different, totals.settled);
  if (with_repaired) text += fmt::format(", repaired {}", totals.repaired);
  return text;
}

std::string totals_json(const verify::VerifyTotals& totals) {
  return fmt::format(
      R"({{"items":{},"rows":{},"equal":{},"missing":{},"extra":{},"different":{},"settled":{},"repaired":{}}})",
      totals.items, totals.rows, totals.equal, totals.missing, totals.extra, totals.different, totals.settled,
      totals.repaired);
}

}  // namespace ctk::cli
