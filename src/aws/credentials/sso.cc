#include "aws/credentials/sso.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <map>
#include <string>
#include <utility>

#include "aws/credentials/credential_answers.h"
#include "aws/credentials/header_value.h"
#include "aws/errors.h"
#include "json/reader.h"
#include "json/writer.h"
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

constexpr int64_t kLongestSignIn = int64_t{366} * 24 * 60 * 60;

/// As AWS's own tools write it there.
std::string whole_seconds(Timestamp time) { return format_iso8601(time).substr(0, 19) + "Z"; }

/// OAuth's errors have other members than AWS's: {"error", "error_description"} (RFC 6749, 5.2).
Error renewal_error(const net::HttpResponse& answer) {
  json::Parser parser;
  const Result<json::Element> document = parser.parse(answer.body);
  if (answer.status != 400 || !document || !document->is_object()) {
    return aws_error("CreateToken", answer.status, answer.body);
  }
  const std::string code(json::string_member(*document, "error").value_or("HTTP 400"));
  const std::string words(json::string_member(*document, "error_description").value_or(""));
  return {ErrorKind::denied, "CreateToken failed", words.empty() ? code : fmt::format("{}: {}", code, words), ""};
}

/// The JSON object `text` with these members; those that are none of ours stay as they are.
Result<std::string> with_members(std::string_view text, const std::map<std::string, std::string, std::less<>>& changed) {
  json::Parser parser;
  const Result<json::Element> document = parser.parse(text);
  if (!document || !document->is_object()) return fail(ErrorKind::denied, "the sign-in's file is no JSON object");
  std::string result;
  json::Writer writer(result);
  writer.begin_object();
  for (const auto& [name, value] : simdjson::dom::object(*document)) {
    if (changed.contains(name)) continue;
    writer.key(name);
    writer.raw(simdjson::minify(value));
  }
  for (const auto& [name, value] : changed) {
    writer.key(name);
    writer.string(value);
  }
  writer.end_object();
  return result;
}

}  // namespace

std::string sso_token_path(const SsoRole& role) {
  return fmt::format("~/.aws/sso/cache/{}.json", sha1_hex(role.cache_key));
}

std::string sso_login_hint(const SsoRole& role) { return fmt::format("aws sso login --profile {}", role.profile); }

Result<SsoSignIn> read_sso_sign_in(std::string_view text, const std::string& path, Timestamp now) {
  json::Parser parser;
  const Result<json::Element> document = parser.parse(text);
  if (!document || !document->is_object()) return fail(ErrorKind::denied, fmt::format("{} is no JSON object", path));
  const auto text_of = [&](std::string_view name) {
    return std::string(json::string_member(*document, name).value_or(""));
  };
  const std::optional<std::string> token = header_value(text_of("accessToken"));
  const Result<Timestamp> expires = parse_timestamp(text_of("expiresAt"));
  if (!token || !expires) return fail(ErrorKind::denied, fmt::format("{} has no accessToken with an expiresAt", path));
  SsoSignIn sign_in{Secret(*token), *expires};
  SsoRegistration registration{text_of("clientId"), Secret(text_of("clientSecret")), Secret(text_of("refreshToken"))};
  const Result<Timestamp> registered_until = parse_timestamp(text_of("registrationExpiresAt"));
  const bool whole = !registration.client_id.empty() && !registration.client_secret.empty() &&
                     !registration.refresh_token.empty() && registered_until;
  if (whole && *registered_until > now) sign_in.registration = std::move(registration);
  return sign_in;
}

Error sign_in_is_over(const SsoSignIn& sign_in) {
  return {ErrorKind::denied, fmt::format("the sign-in is over since {}", format_iso8601(sign_in.expires)), "", ""};
}

net::HttpRequest sso_renewal_request(const ServiceEndpoint& service, const SsoRegistration& registration) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = service.url + "/token";
  request.headers = {{"Content-Type", "application/json"}};
  json::Writer writer(request.body);
  writer.begin_object();
  const std::pair<std::string_view, std::string_view> members[] = {{"grantType", "refresh_token"},
                                                                   {"clientId", registration.client_id},
                                                                   {"clientSecret", registration.client_secret.reveal()},
                                                                   {"refreshToken", registration.refresh_token.reveal()}};
  for (const auto& [name, value] : members) {
    writer.key(name);
    writer.string(value);
  }
  writer.end_object();
  request.max_answer_bytes = 1u << 20;
  return request;
}

Result<std::string> renewed_sso_file(std::string_view text, const net::HttpResponse& answer, Timestamp now) {
  if (answer.status != 200) return std::unexpected(renewal_error(answer));
  json::Parser parser;
  const Result<json::Element> renewed = parser.parse(answer.body);
  int64_t seconds = 0;
  const bool lasts = renewed && renewed->is_object() && (*renewed)["expiresIn"].get(seconds) == simdjson::SUCCESS &&
                     seconds > 0 && seconds <= kLongestSignIn;
  const auto token = lasts ? json::string_member(*renewed, "accessToken") : std::nullopt;
  if (!token || !header_value(std::string(*token))) {
    return fail(ErrorKind::denied, "CreateToken gave no accessToken with an expiresIn");
  }
  std::map<std::string, std::string, std::less<>> changed = {
      {"accessToken", std::string(*token)}, {"expiresAt", whole_seconds(now + std::chrono::seconds(seconds))}};
  if (const auto next = json::string_member(*renewed, "refreshToken")) changed.emplace("refreshToken", *next);
  return with_members(text, changed);
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
