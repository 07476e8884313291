// AWS's Security Token Service, in its Query protocol: forms out, XML in. Pure.
// Source: AWS Security Token Service API Reference, AssumeRole and AssumeRoleWithWebIdentity.
#pragma once

#include <string>
#include <string_view>

#include "aws/credentials/credential_plan.h"
#include "net/http.h"

namespace ctk::aws {

/// The name of a role's session, which CloudTrail shows, where nobody gave one: "ctk-1632246085".
std::string session_name_at(Timestamp now);

/// The request, signed as `signer`.
net::HttpRequest assume_role_request(const AssumedRole& role, const ServiceEndpoint& sts, const Credentials& signer,
                                     Timestamp now);
/// The request; the token is who we are, so that nobody signs.
net::HttpRequest web_identity_request(const WebIdentity& identity, std::string_view token, Timestamp now);

/// Who somebody is to AWS.
struct CallerIdentity {
  std::string arn;  ///< "arn:aws:iam::123456789012:user/reader"
  std::string account;
};
/// GetCallerIdentity, which needs no right; signed as `signer`.
net::HttpRequest caller_identity_request(const ServiceEndpoint& sts, const Credentials& signer, Timestamp now);
/// `refused` where whoever has answered is no STS.
Result<CallerIdentity> read_caller_identity(const net::HttpResponse& answer);

/// The credentials in an answer of that action ("AssumeRole"); `role_arn` for messages.
Result<Credentials> read_sts_answer(std::string_view action, const std::string& role_arn, const net::HttpResponse& answer);

}  // namespace ctk::aws
