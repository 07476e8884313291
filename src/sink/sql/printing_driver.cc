#include "sink/sql/printing_driver.h"

#include <fmt/format.h>

#include <set>

#include "sink/printed.h"

namespace ctk::sink::sql {
namespace {

/// A text as SQL would have it, on one line.
std::string literal(std::string_view text) {
  std::string quoted = "'";
  for (char c : text) {
    if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\r') {
      quoted += "\\r";
    } else if (c == '\0') {
      quoted += "\\0";
    } else {
      quoted += c == '\'' ? "''" : std::string(1, c);
    }
  }
  return quoted + "'";
}

std::string shown(const Param& param) {
  using Kind = Param::Kind;
  switch (param.kind) {
    case Kind::null: return "NULL";
    case Kind::text:
    case Kind::json: return literal(param.text);
    case Kind::number: return std::string(param.text);
    case Kind::integer: return std::to_string(param.integer);
    case Kind::real: return fmt::format("{}", param.number);
    case Kind::boolean: return param.integer != 0 ? "true" : "false";
    case Kind::time: return literal(format_iso8601(from_micros(param.integer)));
    case Kind::binary: {
      std::string hex = "x'";
      for (char byte : param.text) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
      return hex + "'";
    }
  }
  return "";
}

class PrintingDriver final : public Driver {
 public:
  PrintingDriver(const Dialect& dialect, std::ostream& out) : dialect_(dialect), out_(out) {}

  Status connect(Reach) override { return {}; }
  void disconnect() override {}

  SqlResult<std::vector<Answer>> run(std::span<const Statement> statements) override {
    std::vector<Answer> answers;
    for (const Statement& each : statements) {
      Answer& answer = answers.emplace_back();
      answer.affected.assign(each.executions(), 1);
      if (!each.catalogue) print(each);
    }
    if (Status printed = flush_printed(out_); !printed) return std::unexpected(Failure{Scope::call, printed.error()});
    return answers;
  }

  bool in_transaction() const override { return true; }

  Result<ResultSet> query(const Query& query) override {
    out_ << query.sql << ";\n";
    if (Status printed = flush_printed(out_); !printed) return forward_error(std::move(printed));
    return ResultSet{};
  }

  using Driver::run;

 private:
  void print(const Statement& statement) {
    if (statement.sql.starts_with("CREATE ") && !created_.insert(statement.sql).second) return;
    for (size_t i = 0; i < statement.executions(); ++i) {
      out_ << statement.sql << ";\n";
      for (size_t n = 0; n < statement.width; ++n) {
        out_ << "-- " << dialect_.placeholder(n + 1) << " = " << shown(statement.params[i * statement.width + n]) << "\n";
      }
    }
  }

  const Dialect& dialect_;
  std::ostream& out_;
  std::set<std::string> created_;
};

}  // namespace

std::unique_ptr<Driver> make_printing_driver(const Dialect& dialect, std::ostream& out) {
  return std::make_unique<PrintingDriver>(dialect, out);
}

}  // namespace ctk::sink::sql
