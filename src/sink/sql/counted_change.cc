#include "sink/sql/counted_change.h"

#include <fmt/format.h>

#include <charconv>

#include "sink/sql/transaction.h"

namespace ctk::sink::sql {
namespace {

SqlResult<uint64_t> count_matching(Driver& driver, const Dialect& dialect, const CountedChange& change) {
  const std::string sql = fmt::format("SELECT count(*) FROM {} WHERE {}", change.table, change.condition);
  SqlResult<Answer> answer = driver.run(patiently(look_up(dialect.bind(sql), change.params)));
  if (!answer) return forward_failure(std::move(answer));
  uint64_t count = 0;
  const std::string cell = answer->rows.empty() ? "" : answer->rows.front()[0].value_or("");
  std::from_chars(cell.data(), cell.data() + cell.size(), count);
  return count;
}

}  // namespace

SqlResult<uint64_t> run_counted(Driver& driver, const Dialect& dialect, CountedChange change) {
  std::optional<uint64_t> counted;
  if (dialect.belief() == Belief::nothing) {
    SqlResult<uint64_t> count = count_matching(driver, dialect, change);
    if (!count) return count;
    counted = *count;
  }
  const std::string sql = dialect.bind(fmt::format("{} WHERE {}", change.change, change.condition));
  SqlResult<Answer> done = driver.run(patiently(statement(sql, std::move(change.params))));
  if (!done) return forward_failure(std::move(done));
  return counted.value_or(static_cast<uint64_t>(done->affected.front()));
}

}  // namespace ctk::sink::sql
