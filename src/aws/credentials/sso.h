// IAM Identity Center: the token that `aws sso login` leaves, and the portal that gives a role's keys for it. Pure.
// Source: AWS SDKs and Tools Reference Guide, "IAM Identity Center credential provider".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "aws/credentials/credential_plan.h"
#include "net/http.h"

namespace ctk::aws {

/// "~/.aws/sso/cache/SHA1.json", named after the session or the start URL.
std::string sso_token_path(const SsoRole& role);

/// What gives a sign-in another token: what `aws sso login` was registered as, and a token for that alone.
struct SsoRegistration {
  std::string client_id;
  Secret client_secret, refresh_token;
};

/// What `aws sso login` has left.
struct SsoSignIn {
  Secret token;
  Timestamp expires{};
  std::optional<SsoRegistration> registration = {};  ///< nothing where there is none, or it is over

  bool is_over(Timestamp now) const { return expires <= now; }
  /// The SDKs ask for another token five minutes before: a service may call it over a little earlier.
  bool is_due(Timestamp now) const { return expires - std::chrono::minutes(5) <= now; }
};
Result<SsoSignIn> read_sso_sign_in(std::string_view text, const std::string& path, Timestamp now);
Error sign_in_is_over(const SsoSignIn& sign_in);

/// CreateToken of IAM Identity Center's OIDC, which is not signed.
net::HttpRequest sso_renewal_request(const ServiceEndpoint& service, const SsoRegistration& registration);
/// The file `text` as it is to be from now on, for everybody who reads it.
Result<std::string> renewed_sso_file(std::string_view text, const net::HttpResponse& answer, Timestamp now);

net::HttpRequest sso_request(const SsoRole& role, const Secret& token);
Result<Credentials> read_sso_answer(const SsoRole& role, const net::HttpResponse& answer);

/// What to do where the token is not there, or over.
std::string sso_login_hint(const SsoRole& role);

}  // namespace ctk::aws
