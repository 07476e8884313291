// An IAM policy, and what it rules of a call. Pure. Source: AWS IAM User Guide, "IAM JSON policy elements reference" and
// "Policy evaluation logic".
//
//   auto policy = parse_iam_policy(R"({"Statement":{"Effect":"Allow","Action":"dynamodb:Get*","Resource":"*"}})");
//   policy->rule({"dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:000000000000:table/demo"}) == IamRuling::allowed
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ctk::sim {

/// What a call asks for.
struct IamAccess {
  std::string action;    ///< "dynamodb:GetRecords"
  std::string resource;  ///< an ARN, or "*"
  bool operator==(const IamAccess&) const = default;
};

enum class IamRuling {
  allowed,
  not_allowed,  ///< by no statement
  denied,       ///< by one that denies it, whatever others allow
};

struct IamStatement {
  bool allows = false;
  std::vector<std::string> actions, resources;  ///< patterns: `*` any text, `?` any one byte
};

class IamPolicy {
 public:
  explicit IamPolicy(std::vector<IamStatement> statements) : statements_(std::move(statements)) {}
  IamRuling rule(const IamAccess& access) const;

 private:
  std::vector<IamStatement> statements_;
};

/// `usage` where the text is no policy, or one of what is not simulated (Condition, NotAction, Principal, …).
Result<IamPolicy> parse_iam_policy(std::string_view json);

}  // namespace ctk::sim
