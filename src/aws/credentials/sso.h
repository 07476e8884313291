// IAM Identity Center: the token that `aws sso login` leaves, and the portal that gives a role's keys for it. Pure.
// Source: AWS SDKs and Tools Reference Guide, "IAM Identity Center credential provider".
#pragma once

#include <string>

#include "aws/credentials/credential_plan.h"
#include "net/http.h"

namespace ctk::aws {

/// "~/.aws/sso/cache/SHA1.json", named after the session or the start URL.
std::string sso_token_path(const SsoRole& role);

/// The token in the file that `aws sso login` wrote. `denied` where it is over at `now`.
Result<Secret> read_sso_token(std::string_view text, const std::string& path, Timestamp now);

net::HttpRequest sso_request(const SsoRole& role, const Secret& token);
Result<Credentials> read_sso_answer(const SsoRole& role, const net::HttpResponse& answer);

/// What to do where the token is not there, or over.
std::string sso_login_hint(const SsoRole& role);

}  // namespace ctk::aws
