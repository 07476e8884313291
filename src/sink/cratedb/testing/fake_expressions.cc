#include "sink/cratedb/testing/fake_expressions.h"

namespace ctk::sink::cratedb::testing {
namespace {

Expr binary(Expr::Kind kind, std::string name, Expr left, Expr right) {
  Expr expr;
  expr.kind = kind;
  expr.name = std::move(name);
  expr.operands.push_back(std::move(left));
  expr.operands.push_back(std::move(right));
  return expr;
}

Expr literal(Value value) {
  Expr expr;
  expr.literal = std::move(value);
  return expr;
}

}  // namespace

Expr ExpressionParser::expression() {
  Expr left = conjunction();
  while (take_word("or")) left = binary(Expr::Kind::logical_or, "or", std::move(left), conjunction());
  return left;
}

Expr ExpressionParser::conjunction() {
  Expr left = negation();
  while (take_word("and")) left = binary(Expr::Kind::logical_and, "and", std::move(left), negation());
  return left;
}

Expr ExpressionParser::negation() {
  if (!take_word("not")) return comparison();
  Expr expr;
  expr.kind = Expr::Kind::logical_not;
  expr.operands.push_back(negation());
  return expr;
}

Expr ExpressionParser::comparison() {
  Expr left = primary();
  if (take_word("is")) return null_test(std::move(left));
  if (take_word("like")) return binary(Expr::Kind::compare, "like", std::move(left), primary());
  if (take_word("in")) return in_list(std::move(left));
  for (const char* symbol : {"=", "<=", ">=", "<>", "!=", "<", ">"}) {
    if (!take_symbol(symbol)) continue;
    const bool any = *symbol == '=' && take_word("any");  // an array stands in brackets
    return binary(Expr::Kind::compare, any ? "any" : symbol, std::move(left), primary());
  }
  return left;
}

Expr ExpressionParser::null_test(Expr operand) {
  const bool negated = take_word("not");
  need_word("null");
  Expr test;
  test.kind = Expr::Kind::is_null;
  test.operands.push_back(std::move(operand));
  if (!negated) return test;
  Expr expr;
  expr.kind = Expr::Kind::logical_not;
  expr.operands.push_back(std::move(test));
  return expr;
}

Expr ExpressionParser::in_list(Expr left) {
  need_symbol("(");
  std::optional<Expr> any;
  list([&] {
    Expr one = binary(Expr::Kind::compare, "=", left, primary());
    any = any ? binary(Expr::Kind::logical_or, "or", std::move(*any), std::move(one)) : std::move(one);
  });
  need_symbol(")");
  return std::move(*any);
}

Expr ExpressionParser::primary() {
  if (take_symbol("(")) {
    Expr inner = expression();
    need_symbol(")");
    return inner;
  }
  if (take_symbol("?")) {
    Expr expr;
    expr.kind = Expr::Kind::parameter;
    expr.parameter = parameters_++;
    return expr;
  }
  if (take_symbol("*")) {
    Expr expr;
    expr.kind = Expr::Kind::star;
    return expr;
  }
  if (peek().kind == Token::Kind::text) return literal(Value::of_text(tokens_[at_++].text));
  if (peek().kind == Token::Kind::number) return literal(Value::of_number(tokens_[at_++].text));
  if (take_word("true")) return literal(Value::of_bool(true));
  if (take_word("false")) return literal(Value::of_bool(false));
  if (take_word("null")) return literal(Value{});
  if (take_word("case")) return choice();
  return column_or_call();
}

Expr ExpressionParser::choice() {
  Expr expr;
  expr.kind = Expr::Kind::choice;
  while (take_word("when")) {
    expr.operands.push_back(expression());
    need_word("then");
    expr.operands.push_back(expression());
  }
  expr.operands.push_back(take_word("else") ? expression() : literal(Value{}));
  need_word("end");
  return expr;
}

Expr ExpressionParser::column_or_call() {
  Expr expr;
  expr.kind = Expr::Kind::column;
  std::vector<std::string> parts{identifier()};
  if (parts[0] != "excluded" && take_symbol("(")) {
    expr.kind = Expr::Kind::call;
    expr.name = parts[0];
    if (take_symbol(")")) return expr;
    list([&] { expr.operands.push_back(expression()); });
    need_symbol(")");
    return expr;
  }
  while (take_symbol(".")) parts.push_back(identifier());
  if (parts.size() == 2 && parts[0] == "excluded") {
    expr.excluded = true;
    parts.erase(parts.begin());
  }
  if (parts.size() > 1) {
    throw Mismatch{parse_exception(
        fmt::format("Column reference \"{}\" has too many parts. A column must not have a schema or a table here.",
                    fmt::join(parts, ".")))};
  }
  expr.name = parts[0];
  while (take_symbol("[")) {
    expr.path.push_back(tokens_[at_++].text);
    need_symbol("]");
  }
  return expr;
}

std::string Expr::column_text() const {
  std::string text = name;
  for (const std::string& step : path) text += "['" + step + "']";
  return text;
}

}  // namespace ctk::sink::cratedb::testing
