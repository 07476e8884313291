#include "aws/credentials/sso.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "aws/credentials/credential_answers.h"
#include "aws/credentials/header_value.h"
#include "aws/errors.h"
#include "json/reader.h"
#include "net/url.h"

namespace ctk::aws {
namespace {

std::string sha1_hex(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha1(), nullptr);
  std::string result;
  for (unsigned i = 0; i < length; ++i) result += fmt::format("{:02x}", digest.at(i));
  return result;
}

}  // namespace

std::string sso_token_path(const SsoRole& role) {
  return fmt::format("~/.aws/sso/cache/{}.json", sha1_hex(role.cache_key));
}

std::string sso_login_hint(const SsoRole& role) { return fmt::format("aws sso login --profile {}", role.profile); }

Result<Secret> read_sso_token(std::string_view text, const std::string& path, Timestamp now) {
  json::Parser parser;
  const Result<json::Element> document = parser.parse(text);
  if (!document || !document->is_object()) return fail(ErrorKind::denied, fmt::format("{} is no JSON object", path));
  const std::optional<std::string> token =
      header_value(std::string(json::string_member(*document, "accessToken").value_or("")));
  const Result<Timestamp> expires = parse_timestamp(json::string_member(*document, "expiresAt").value_or(""));
  if (!token || !expires) return fail(ErrorKind::denied, fmt::format("{} has no accessToken with an expiresAt", path));
  if (*expires <= now) {
    return fail(ErrorKind::denied, fmt::format("the sign-in is over since {}", format_iso8601(*expires)));
  }
  return Secret(*token);
}

net::HttpRequest sso_request(const SsoRole& role, const Secret& token) {
  net::HttpRequest request;
  request.method = "GET";
  request.url = fmt::format("{}/federation/credentials?account_id={}&role_name={}", role.portal.url,
                            net::percent_encode(role.account_id), net::percent_encode(role.role_name));
  request.headers = {{"x-amz-sso_bearer_token", token.reveal()}};
  request.max_answer_bytes = 1u << 20;
  return request;
}

Result<Credentials> read_sso_answer(const SsoRole& role, const net::HttpResponse& answer) {
  if (answer.status == 200) return read_sso_keys(answer.body);
  Error error = aws_error("GetRoleCredentials", answer.status, answer.body,
                          fmt::format(" of {} in account {}", role.role_name, role.account_id));
  if (answer.status == 401) error.hint = sso_login_hint(role);
  if (answer.status == 403) error.hint = "ask whoever runs IAM Identity Center to assign the role";
  return std::unexpected(std::move(error));
}

}  // namespace ctk::aws
