#include "aws/credentials/sts.h"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <string_view>
#include <utility>
#include <vector>

#include "aws/errors.h"
#include "aws/sigv4.h"
#include "net/url.h"

namespace ctk::aws {
namespace {

constexpr size_t kLongestAnswer = 1u << 20;

std::string form_of(const std::vector<std::pair<std::string_view, std::string>>& members) {
  std::string form;
  for (const auto& [name, value] : members) {
    form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, net::percent_encode(value));
  }
  return form;
}

net::HttpRequest post(const ServiceEndpoint& sts, std::string form) {
  net::HttpRequest request;
  request.url = split_endpoint(sts.url).url;
  request.body = std::move(form);
  request.max_answer_bytes = kLongestAnswer;
  return request;
}

net::HttpRequest signed_post(const ServiceEndpoint& sts, std::string form, const Credentials& signer, Timestamp now) {
  net::HttpRequest request = post(sts, std::move(form));
  EndpointAddress address = split_endpoint(sts.url);
  SigningRequest unsigned_request{
      .method = "POST",
      .path = std::move(address.path),
      .query = "",
      .headers = {{"Host", std::move(address.host)}, {"Content-Type", "application/x-www-form-urlencoded"}},
      .body = request.body};
  Signature signature = sign(unsigned_request, signer, {sts.region, "sts"}, now);
  request.headers = std::move(unsigned_request.headers);
  for (auto& header : signature.headers) request.headers.push_back(std::move(header));
  return request;
}

}  // namespace

std::string session_name_at(Timestamp now) { return fmt::format("ctk-{}", to_micros(now) / 1'000'000); }

net::HttpRequest assume_role_request(const AssumedRole& role, const ServiceEndpoint& sts, const Credentials& signer,
                                     Timestamp now) {
  std::vector<std::pair<std::string_view, std::string>> members{
      {"Action", "AssumeRole"},
      {"Version", "2011-06-15"},
      {"RoleArn", role.role_arn},
      {"RoleSessionName", role.session_name.value_or(session_name_at(now))}};
  if (role.duration_seconds) members.emplace_back("DurationSeconds", *role.duration_seconds);
  if (role.external_id) members.emplace_back("ExternalId", *role.external_id);
  return signed_post(sts, form_of(members), signer, now);
}

net::HttpRequest web_identity_request(const WebIdentity& identity, std::string_view token, Timestamp now) {
  net::HttpRequest request =
      post(identity.sts, form_of({{"Action", "AssumeRoleWithWebIdentity"},
                                  {"Version", "2011-06-15"},
                                  {"RoleArn", identity.role_arn},
                                  {"RoleSessionName", identity.session_name.value_or(session_name_at(now))},
                                  {"WebIdentityToken", std::string(token)}}));
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  return request;
}

net::HttpRequest caller_identity_request(const ServiceEndpoint& sts, const Credentials& signer, Timestamp now) {
  return signed_post(sts, form_of({{"Action", "GetCallerIdentity"}, {"Version", "2011-06-15"}}), signer, now);
}

Result<CallerIdentity> read_caller_identity(const net::HttpResponse& answer) {
  if (answer.status < 200 || answer.status >= 300) {
    return std::unexpected(aws_error("GetCallerIdentity", answer.status, answer.body));
  }
  pugi::xml_document document;
  document.load_buffer(answer.body.data(), answer.body.size());
  const pugi::xml_node result = document.child("GetCallerIdentityResponse").child("GetCallerIdentityResult");
  CallerIdentity identity{result.child_value("Arn"), result.child_value("Account")};
  if (identity.arn.empty()) return fail(ErrorKind::refused, "GetCallerIdentity: the answer names nobody");
  return identity;
}

Result<Credentials> read_sts_answer(std::string_view action, const std::string& role_arn, const net::HttpResponse& answer) {
  if (answer.status < 200 || answer.status >= 300) {
    return std::unexpected(aws_error(action, answer.status, answer.body, fmt::format(" of {}", role_arn)));
  }
  pugi::xml_document document;
  if (!document.load_buffer(answer.body.data(), answer.body.size())) {
    return fail(ErrorKind::denied, fmt::format("{} of {}: the answer is no XML", action, role_arn));
  }
  const pugi::xml_node keys = document.child(fmt::format("{}Response", action).c_str())
                                  .child(fmt::format("{}Result", action).c_str())
                                  .child("Credentials");
  Credentials found{AccessKeyId(keys.child_value("AccessKeyId")), Secret(keys.child_value("SecretAccessKey")),
                    Secret(keys.child_value("SessionToken"))};
  const Result<Timestamp> expires = parse_timestamp(keys.child_value("Expiration"));
  if (found.access_key.empty() || found.secret_key.empty() || found.session_token->empty() || !expires) {
    return fail(ErrorKind::denied, fmt::format("{} of {}: the answer has no complete credentials", action, role_arn));
  }
  found.expires = *expires;
  return found;
}

}  // namespace ctk::aws
