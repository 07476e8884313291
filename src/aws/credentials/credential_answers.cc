#include "aws/credentials/credential_answers.h"

#include <fmt/format.h>

#include <cstdint>

#include "json/reader.h"

namespace ctk::aws {
namespace {

/// The members of an answer that hold keys.
struct KeyNames {
  const char* id;
  const char* secret;
  const char* token;
};

Result<Credentials> read_keys(json::Element element, const KeyNames& names) {
  Credentials keys;
  const auto id = json::string_member(element, names.id);
  const auto secret = json::string_member(element, names.secret);
  if (!id || id->empty()) return fail(ErrorKind::denied, fmt::format("the answer has no {}", names.id));
  if (!secret || secret->empty()) return fail(ErrorKind::denied, fmt::format("the answer has no {}", names.secret));
  keys.access_key = AccessKeyId(std::string(*id));
  keys.secret_key = Secret(std::string(*secret));
  if (const auto token = json::string_member(element, names.token)) keys.session_token = Secret(std::string(*token));
  return keys;
}

/// With the moment in `Expiration`, where there is one.
Result<Credentials> read_dated_keys(json::Element element, const KeyNames& names) {
  Result<Credentials> keys = read_keys(element, names);
  const auto text = json::string_member(element, "Expiration");
  if (!keys || !text) return keys;
  const Result<Timestamp> expires = parse_timestamp(*text);
  if (!expires) return fail(ErrorKind::denied, "the answer's Expiration is no moment in ISO-8601");
  keys->expires = *expires;
  return keys;
}

Result<json::Element> parse_object(json::Parser& parser, std::string_view text, std::string_view what) {
  Result<json::Element> document = parser.parse(text);
  if (!document || !document->is_object()) return fail(ErrorKind::denied, fmt::format("{} is no JSON object", what));
  return document;
}

}  // namespace

Result<Credentials> read_service_keys(std::string_view body) {
  json::Parser parser;
  const Result<json::Element> document = parse_object(parser, body, "the answer");
  if (!document) return std::unexpected(document.error());
  const auto code = json::string_member(*document, "Code");
  if (code && *code != "Success") {
    return fail(ErrorKind::denied, "the service has no keys for the role",
                fmt::format("{}: {}", *code, json::string_member(*document, "Message").value_or("")));
  }
  return read_dated_keys(*document, {"AccessKeyId", "SecretAccessKey", "Token"});
}

Result<Credentials> read_process_keys(std::string_view output) {
  json::Parser parser;
  const Result<json::Element> document = parse_object(parser, output, "its output");
  if (!document) return std::unexpected(document.error());
  if (json::int_member(*document, "Version") != 1) return fail(ErrorKind::denied, "its output has another Version than 1");
  return read_dated_keys(*document, {"AccessKeyId", "SecretAccessKey", "SessionToken"});
}

Result<Credentials> read_sso_keys(std::string_view body) {
  json::Parser parser;
  const Result<json::Element> document = parse_object(parser, body, "the answer");
  if (!document) return std::unexpected(document.error());
  const auto role = json::member(*document, "roleCredentials");
  if (!role) return fail(ErrorKind::denied, "the answer has no roleCredentials");
  Result<Credentials> keys = read_keys(*role, {"accessKeyId", "secretAccessKey", "sessionToken"});
  if (!keys) return keys;
  const auto expires = json::int_member(*role, "expiration");
  if (!expires) return keys;
  constexpr int64_t kLatest = 253'402'300'799'999;  // of the year 9999
  if (*expires < 0 || *expires > kLatest) return fail(ErrorKind::denied, "the answer's expiration is no moment");
  keys->expires = from_micros(*expires * 1000);
  return keys;
}

}  // namespace ctk::aws
