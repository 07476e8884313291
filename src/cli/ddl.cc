#include "cli/ddl.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "base/event_loop.h"
#include "cli/statement_splitter.h"
#include "cli/wiring.h"

namespace ctk::cli {
namespace {

/// Behind the comments that a dry run puts before statements.
std::string_view without_comments(std::string_view sql) {
  while (true) {
    const size_t begin = sql.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return "";
    sql.remove_prefix(begin);
    if (!sql.starts_with("--")) return sql;
    sql.remove_prefix(std::min(sql.find('\n'), sql.size()));
  }
}

bool is_ddl(std::string_view sql) {
  return std::ranges::any_of(std::initializer_list<std::string_view>{"CREATE ", "ALTER ", "DROP "},
                             [&](std::string_view word) { return sql.starts_with(word); });
}

}  // namespace

Result<std::vector<std::string>> ddl_of(const sink::TargetOptions& target, const table::TableSpec& spec, World& world) {
  if (!target.kind->holds_own_tables) return std::vector<std::string>{};
  std::ostringstream printed;
  Result<sink::OpenTable> opened = fail(ErrorKind::internal, "the table was not opened");
  {
    ThreadLoop loop(world.clock);
    const std::unique_ptr<sink::Sink> sink = make_dry_run_sink(target, sink_environment(world, loop), printed);
    coordination::TableRegistration registration;
    registration.table = spec.name.str();
    registration.source_table = spec.source_table;
    registration.form = table::form_of(spec.options);
    loop.post([&] {
      sink->open(spec, registration, [&](Result<sink::OpenTable> result) {
        opened = std::move(result);
        loop.quit();
      });
    });
    loop.run();
  }
  if (!opened) return forward_error(std::move(opened));
  StatementSplitter splitter(target.kind);
  splitter.feed(printed.str());
  std::vector<std::string> ddl;
  while (const auto statement = splitter.next()) {
    const std::string_view sql = without_comments(statement->sql);
    if (is_ddl(sql)) ddl.emplace_back(sql.substr(0, sql.find_last_not_of("; \n") + 1));
  }
  return ddl;
}

}  // namespace ctk::cli
