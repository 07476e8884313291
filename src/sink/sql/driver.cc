#include "sink/sql/driver.h"

namespace ctk::sink::sql {

SqlResult<Answer> Driver::run(Statement statement) {
  SqlResult<std::vector<Answer>> answers = run(std::span<const Statement>(&statement, 1));
  if (!answers) return std::unexpected(std::move(answers).error());
  return std::move(answers->front());
}

}  // namespace ctk::sink::sql
