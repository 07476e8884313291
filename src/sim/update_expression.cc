#include "sim/update_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "dynamodb/number.h"

namespace ctk::sim {
namespace {

std::unexpected<ServiceError> invalid(std::string message) { return refuse("ValidationException", std::move(message)); }

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("_#:.[]-").contains(c); }

std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> tokens;
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    while (i < text.size() && is_word(text[i])) ++i;
    if (i == begin) ++i;
    if (text[begin] == '<' && i < text.size() && text[i] == '>') ++i;
    if (std::isspace(static_cast<unsigned char>(text[begin])) == 0) tokens.emplace_back(text.substr(begin, i - begin));
  }
  return tokens;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::optional<int64_t> whole_number(const std::string& value) {
  if (tag_of(value) != "N") return std::nullopt;
  return dynamodb::exact_int64(std::string_view(value).substr(6, value.size() - 8));
}

/// Reads an expression token by token against one item.
class Evaluator {
 public:
  Evaluator(const Expression& expression, const Attributes& item)
      : expression_(expression), item_(item), tokens_(tokens_of(expression.text)) {}

  Answer<ItemUpdate> update() {
    ItemUpdate out;
    if (at_end()) return invalid("Invalid UpdateExpression: The expression can not be empty;");
    std::set<std::string> sections;
    while (!at_end()) {
      const std::string section = upper(next());
      if (!sections.insert(section).second) {
        return invalid(fmt::format(
            "Invalid UpdateExpression: The \"{}\" section can only be used once in an update expression;", section));
      }
      do {
        auto done = section == "SET"      ? set(out)
                    : section == "REMOVE" ? remove(out)
                    : section == "ADD"    ? add(out)
                                          : syntax_error("Invalid UpdateExpression");
        if (!done) return forward_refusal(std::move(done));
      } while (take(","));
    }
    return out;
  }

  Answer<bool> condition() {
    bool holds = true;
    do {
      auto one = comparison();
      if (!one) return one;
      holds = holds && *one;
    } while (take_word("AND"));
    if (!at_end()) return forward_refusal(syntax_error("Invalid ConditionExpression"));
    return holds;
  }

 private:
  bool at_end() const { return at_ == tokens_.size(); }
  std::string next() { return at_end() ? std::string() : tokens_[at_++]; }
  bool take(std::string_view token) {
    if (at_end() || tokens_[at_] != token) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (at_end() || upper(tokens_[at_]) != word) return false;
    ++at_;
    return true;
  }
  Answer<void> syntax_error(std::string_view where) const {
    return invalid(fmt::format("{}: Syntax error; token: \"{}\"", where, at_end() ? "<EOF>" : tokens_[at_]));
  }

  Answer<std::string> path() {
    const bool is_path = !at_end() && is_word(tokens_[at_].front()) && !tokens_[at_].starts_with(':');
    if (!is_path) return forward_refusal(syntax_error("Invalid expression"));
    std::string token = next();
    if (token.find_first_of(".[") != std::string::npos) {
      return invalid("The simulator changes whole attributes only, not " + token);
    }
    if (!token.starts_with('#')) return token;
    const auto name = expression_.names.find(token);
    if (name == expression_.names.end()) {
      return invalid(
          "Invalid expression: An expression attribute name used in the document path is not defined; attribute "
          "name: " +
          token);
    }
    return name->second;
  }

  /// One that the update changes: once.
  Answer<std::string> changed_path() {
    auto name = path();
    if (name && !changed_.insert(*name).second) {
      return invalid(
          fmt::format("Invalid UpdateExpression: Two document paths overlap with each other; must remove or "
                      "rewrite one of these paths; path one: [{0}], path two: [{0}]",
                      *name));
    }
    return name;
  }

  /// `:value`, an attribute, or if_not_exists(attribute, operand).
  Answer<std::string> operand() {
    if (take("if_not_exists")) {
      if (!take("(")) return forward_refusal(syntax_error("Invalid UpdateExpression"));
      auto name = path();
      if (!name) return name;
      if (!take(",")) return forward_refusal(syntax_error("Invalid UpdateExpression"));
      auto otherwise = operand();
      if (!take(")")) return forward_refusal(syntax_error("Invalid UpdateExpression"));
      const auto found = item_.find(*name);
      return found == item_.end() ? std::move(otherwise) : found->second;
    }
    if (!at_end() && tokens_[at_].starts_with(':')) {
      const std::string token = next();
      const auto value = expression_.values.find(token);
      if (value != expression_.values.end()) return value->second;
      return invalid(
          "Invalid expression: An expression attribute value used in expression is not defined; attribute value: " + token);
    }
    auto name = path();
    if (!name) return name;
    const auto found = item_.find(*name);
    if (found != item_.end()) return found->second;
    return invalid("The provided expression refers to an attribute that does not exist in the item");
  }

  static Answer<std::string> sum(const std::string& left, const std::string& right, int sign) {
    const auto a = whole_number(left), b = whole_number(right);
    if (a && b) return fmt::format(R"({{"N":"{}"}})", *a + sign * *b);
    if (tag_of(left) == "N" && tag_of(right) == "N") return invalid("The simulator adds whole numbers only");
    return invalid("An operand in the update expression has an incorrect data type");
  }

  Answer<void> set(ItemUpdate& out) {
    auto name = changed_path();
    if (!name) return forward_refusal(std::move(name));
    if (!take("=")) return syntax_error("Invalid UpdateExpression");
    auto value = operand();
    const bool plus = value && take("+");
    if (value && (plus || take("-"))) {
      auto right = operand();
      value = right ? sum(*value, *right, plus ? 1 : -1) : std::move(right);
    }
    if (!value) return forward_refusal(std::move(value));
    out.set[*name] = std::move(*value);
    return {};
  }

  Answer<void> remove(ItemUpdate& out) {
    auto name = changed_path();
    if (!name) return forward_refusal(std::move(name));
    out.removed.push_back(std::move(*name));
    return {};
  }

  Answer<void> add(ItemUpdate& out) {
    auto name = changed_path();
    if (!name) return forward_refusal(std::move(name));
    auto value = operand();
    const auto found = item_.find(*name);
    if (value && found != item_.end()) value = sum(found->second, *value, 1);
    if (!value) return forward_refusal(std::move(value));
    out.set[*name] = std::move(*value);
    return {};
  }

  Answer<bool> existence(bool wanted) {
    if (!take("(")) return forward_refusal(syntax_error("Invalid ConditionExpression"));
    auto name = path();
    if (!name) return forward_refusal(std::move(name));
    if (!take(")")) return forward_refusal(syntax_error("Invalid ConditionExpression"));
    return item_.contains(*name) == wanted;
  }

  Answer<bool> comparison() {
    if (take("attribute_exists")) return existence(true);
    if (take("attribute_not_exists")) return existence(false);
    auto name = path();
    if (!name) return forward_refusal(std::move(name));
    const bool equal = take("=");
    if (!equal && !take("<>")) return invalid("The simulator compares with = and <> only");
    auto value = operand();
    if (!value) return forward_refusal(std::move(value));
    const auto found = item_.find(*name);
    return (found != item_.end() && found->second == *value) == equal;
  }

  const Expression& expression_;
  const Attributes& item_;
  std::vector<std::string> tokens_;
  size_t at_ = 0;
  std::set<std::string> changed_;
};

}  // namespace

Answer<ItemUpdate> evaluate_update(const Expression& expression, const Attributes& item) {
  return Evaluator(expression, item).update();
}

std::optional<std::string> unused_placeholder(const Expression& expression) {
  const std::vector<std::string> tokens = tokens_of(expression.text);
  const auto is_used = [&](const std::string& placeholder) {
    return std::ranges::find(tokens, placeholder) != tokens.end();
  };
  for (const auto& [name, attribute] : expression.names) {
    if (!is_used(name)) return name;
  }
  for (const auto& [name, value] : expression.values) {
    if (!is_used(name)) return name;
  }
  return std::nullopt;
}

Answer<bool> evaluate_condition(const Expression& expression, const Attributes& item) {
  return Evaluator(expression, item).condition();
}

}  // namespace ctk::sim
