#include "sim/iam_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "base/ascii.h"
#include "json/reader.h"

namespace ctk::sim {
namespace {

std::unexpected<Error> no_policy(std::string why) {
  return fail(ErrorKind::usage, fmt::format("this is no IAM policy that can be simulated: {}", why));
}

bool matches(std::string_view pattern, std::string_view text) {
  size_t at = 0, in = 0;
  std::optional<size_t> star;  // where the last `*` was, and up to where the text was matched then
  size_t matched = 0;
  while (at < text.size()) {
    if (in < pattern.size() && pattern[in] == '*') {
      star = in++;
      matched = at;
    } else if (in < pattern.size() && (pattern[in] == '?' || pattern[in] == text[at])) {
      ++in;
      ++at;
    } else if (star) {
      in = *star + 1;
      at = ++matched;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in) == std::string_view::npos;
}

/// A text or an array of texts.
Result<std::vector<std::string>> texts(json::Element statement, std::string_view name) {
  const auto value = json::member(statement, name);
  if (!value) return no_policy(fmt::format("a statement has no {}", name));
  const auto is_variable = [](const std::string& pattern) { return pattern.contains("${"); };
  std::vector<std::string> found;
  std::string_view text;
  json::Array list;
  if (value->get(text) == simdjson::SUCCESS) {
    found.emplace_back(text);
  } else if (value->get(list) == simdjson::SUCCESS) {
    for (const json::Element each : list) {
      if (each.get(text) != simdjson::SUCCESS) return no_policy(fmt::format("{} holds what is no text", name));
      found.emplace_back(text);
    }
  } else {
    return no_policy(fmt::format("{} is neither a text nor a list of texts", name));
  }
  if (std::ranges::any_of(found, is_variable)) return no_policy("policy variables (${…}) are not simulated");
  return found;
}

Result<IamStatement> read_statement(json::Element element) {
  if (!element.is_object()) return no_policy("a statement is no object");
  std::set<std::string_view> seen;
  for (const auto [name, value] : element.get_object()) {
    const bool known = name == "Sid" || name == "Effect" || name == "Action" || name == "Resource";
    if (!known) return no_policy(fmt::format("{} is not simulated", name));
    if (!seen.insert(name).second) return no_policy(fmt::format("a statement has two of {}", name));
  }
  IamStatement statement;
  const std::string effect(json::string_member(element, "Effect").value_or(""));
  if (effect != "Allow" && effect != "Deny") return no_policy("Effect is neither Allow nor Deny");
  statement.allows = effect == "Allow";
  auto actions = texts(element, "Action");
  if (!actions) return forward_error(std::move(actions));
  for (const std::string& action : *actions) statement.actions.push_back(ascii_lower(action));
  auto resources = texts(element, "Resource");
  if (!resources) return forward_error(std::move(resources));
  statement.resources = std::move(*resources);
  return statement;
}

bool concerns(const IamStatement& statement, const std::string& action, const std::string& resource) {
  const auto any = [](const std::vector<std::string>& patterns, const std::string& text) {
    return std::ranges::any_of(patterns, [&](const std::string& pattern) { return matches(pattern, text); });
  };
  return any(statement.actions, action) && any(statement.resources, resource);
}

}  // namespace

IamRuling IamPolicy::rule(const IamAccess& access) const {
  const std::string action = ascii_lower(access.action);
  IamRuling ruling = IamRuling::not_allowed;
  for (const IamStatement& statement : statements_) {
    if (!concerns(statement, action, access.resource)) continue;
    if (!statement.allows) return IamRuling::denied;
    ruling = IamRuling::allowed;
  }
  return ruling;
}

Result<IamPolicy> parse_iam_policy(std::string_view text) {
  json::Parser parser;
  const auto document = parser.parse(text);
  if (!document || !document->is_object()) return no_policy("it is no JSON object");
  const auto found = json::member(*document, "Statement");
  if (!found) return no_policy("it has no Statement");
  std::vector<IamStatement> statements;
  std::set<std::string_view> ids;
  json::Array list;
  if (found->get(list) != simdjson::SUCCESS) {
    auto only = read_statement(*found);
    if (!only) return forward_error(std::move(only));
    return IamPolicy({std::move(*only)});
  }
  for (const json::Element element : list) {
    auto statement = read_statement(element);
    if (!statement) return forward_error(std::move(statement));
    const auto id = json::string_member(element, "Sid");
    if (id && !ids.insert(*id).second) return no_policy("Statement IDs (SID) in a single policy must be unique");
    statements.push_back(std::move(*statement));
  }
  return IamPolicy(std::move(statements));
}

}  // namespace ctk::sim
