// Codes: AWS Kinesis API Reference, "Common Errors" and the errors of each action; Amazon DynamoDB Developer Guide, "Error
// handling".
#include "aws/errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "cbor/cbor_json.h"
#include "cbor/cbor_reader.h"
#include "json/reader.h"

namespace ctk::aws {
namespace {

constexpr std::array kRules{
    ErrorRule{"ProvisionedThroughputExceededException", ErrorKind::throttled,
              "the limit of calls, bytes or capacity is used up"},
    ErrorRule{"LimitExceededException", ErrorKind::throttled, "a limit of calls or of the account is used up"},
    ErrorRule{"ThrottlingException", ErrorKind::throttled, "the service asks for fewer calls"},
    ErrorRule{"Throttling", ErrorKind::throttled, "the service asks for fewer calls"},
    ErrorRule{"ThrottledException", ErrorKind::throttled, "the service asks for fewer calls"},
    ErrorRule{"RequestThrottled", ErrorKind::throttled, "the service asks for fewer calls"},
    ErrorRule{"RequestThrottledException", ErrorKind::throttled, "the service asks for fewer calls"},
    ErrorRule{"RequestLimitExceeded", ErrorKind::throttled, "the account's limit of calls is used up"},
    ErrorRule{"TooManyRequestsException", ErrorKind::throttled, "the service asks for fewer calls"},
    ErrorRule{"BandwidthLimitExceeded", ErrorKind::throttled, "the service asks for fewer bytes"},
    ErrorRule{"SlowDown", ErrorKind::throttled, "the service asks for fewer calls"},
    ErrorRule{"KMSThrottlingException", ErrorKind::throttled, "the key service asks for fewer calls"},

    ErrorRule{"ExpiredIteratorException", ErrorKind::expired, "the shard iterator is too old"},
    ErrorRule{"ExpiredNextTokenException", ErrorKind::expired, "the token for the next page is older than five minutes"},
    ErrorRule{"ExpiredTokenException", ErrorKind::expired, "the session token has expired"},
    ErrorRule{"ExpiredToken", ErrorKind::expired, "the session token has expired"},

    ErrorRule{"RequestTimeTooSkewed", ErrorKind::skewed, "our clock and the service's differ too much"},
    ErrorRule{"RequestExpired", ErrorKind::skewed, "our clock and the service's differ too much"},
    ErrorRule{"RequestInTheFuture", ErrorKind::skewed, "our clock and the service's differ too much"},

    ErrorRule{"ResourceNotFoundException", ErrorKind::not_found, "there is no such table, stream or shard"},
    ErrorRule{"TrimmedDataAccessException", ErrorKind::gap, "the service has already trimmed what was asked for"},

    ErrorRule{"UnrecognizedClientException", ErrorKind::denied, "the access key is not known there"},
    ErrorRule{"InvalidClientTokenId", ErrorKind::denied, "the access key is not known there"},
    ErrorRule{"InvalidAccessKeyId", ErrorKind::denied, "the access key is not known there"},
    ErrorRule{"InvalidSignatureException", ErrorKind::denied, "the secret key does not belong to the access key"},
    ErrorRule{"SignatureDoesNotMatch", ErrorKind::denied, "the secret key does not belong to the access key"},
    ErrorRule{"IncompleteSignature", ErrorKind::denied, "the signature is incomplete"},
    ErrorRule{"IncompleteSignatureException", ErrorKind::denied, "the signature is incomplete"},
    ErrorRule{"MissingAuthenticationToken", ErrorKind::denied, "the request came without credentials"},
    ErrorRule{"MissingAuthenticationTokenException", ErrorKind::denied, "the request came without credentials"},
    ErrorRule{"AccessDeniedException", ErrorKind::denied, "the right to do this is missing"},
    ErrorRule{"AccessDenied", ErrorKind::denied, "the right to do this is missing"},
    ErrorRule{"NotAuthorized", ErrorKind::denied, "the right to do this is missing"},
    ErrorRule{"OptInRequired", ErrorKind::denied, "the account has no subscription for this service"},
    ErrorRule{"KMSAccessDeniedException", ErrorKind::denied, "the right to use the stream's key is missing"},
    ErrorRule{"KMSDisabledException", ErrorKind::denied, "the stream's key is disabled"},
    ErrorRule{"KMSInvalidStateException", ErrorKind::denied, "the stream's key is not in a usable state"},
    ErrorRule{"KMSNotFoundException", ErrorKind::denied, "the stream's key cannot be found"},
    ErrorRule{"KMSOptInRequired", ErrorKind::denied, "the account has no subscription for the key service"},

    ErrorRule{"ResourceInUseException", ErrorKind::unreachable, "the table or stream is being created, changed or deleted"},
    ErrorRule{"InternalFailure", ErrorKind::unreachable, "the service failed"},
    ErrorRule{"InternalFailureException", ErrorKind::unreachable, "the service failed"},
    ErrorRule{"InternalServerError", ErrorKind::unreachable, "the service failed"},
    ErrorRule{"InternalServerErrorException", ErrorKind::unreachable, "the service failed"},
    ErrorRule{"InternalError", ErrorKind::unreachable, "the service failed"},
    ErrorRule{"ServiceUnavailable", ErrorKind::unreachable, "the service is not available"},
    ErrorRule{"ServiceUnavailableException", ErrorKind::unreachable, "the service is not available"},
    ErrorRule{"RequestTimeout", ErrorKind::unreachable, "the service waited too long for the request"},
    ErrorRule{"RequestTimeoutException", ErrorKind::unreachable, "the service waited too long for the request"},

    ErrorRule{"InvalidArgumentException", ErrorKind::refused, "an argument is not acceptable"},
    ErrorRule{"ValidationException", ErrorKind::refused, "an argument is not acceptable"},
    ErrorRule{"ValidationError", ErrorKind::refused, "an argument is not acceptable"},
    ErrorRule{"InvalidParameterValue", ErrorKind::refused, "an argument is not acceptable"},
    ErrorRule{"SerializationException", ErrorKind::refused, "the service cannot read the request"},
    ErrorRule{"UnknownOperationException", ErrorKind::refused, "the service does not know this call"},
    ErrorRule{"InvalidAction", ErrorKind::refused, "the service does not know this call"},
};

const ErrorRule* find_rule(std::string_view code) {
  auto found = std::find_if(kRules.begin(), kRules.end(), [&](const ErrorRule& rule) { return rule.code == code; });
  return found == kRules.end() ? nullptr : &*found;
}

ErrorKind kind_of_status(int status) {
  if (status >= 500) return ErrorKind::unreachable;
  if (status == 429) return ErrorKind::throttled;
  if (status == 401 || status == 403) return ErrorKind::denied;
  return ErrorKind::refused;
}

bool mentions(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

/// What stands between `<tag>` and its end, for the XML of a proxy or of another service.
std::string xml_text(std::string_view body, std::string_view tag) {
  std::string opening = fmt::format("<{}>", tag);
  size_t start = body.find(opening);
  if (start == std::string_view::npos) return "";
  start += opening.size();
  size_t end = body.find('<', start);
  return end == std::string_view::npos ? "" : std::string(body.substr(start, end - start));
}

/// The beginning of a body that nobody here understands, on one line.
std::string excerpt(std::string_view body) {
  constexpr size_t kLongest = 300;
  std::string text(body.substr(0, kLongest));
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  return text;
}

/// "com.amazonaws.kinesis.v20131202#ResourceNotFoundException" and "ResourceNotFoundException:http://…" without the rest.
std::string short_code(std::string_view type) {
  type = type.substr(type.rfind('#') + 1);
  return std::string(type.substr(0, type.find(':')));
}

std::string hint_for(ErrorKind kind, std::string_view action) {
  if (kind == ErrorKind::denied) return fmt::format("check the credentials and their right to call {}", action);
  if (kind == ErrorKind::skewed) return "check this machine's clock";
  return "";
}

}  // namespace

std::span<const ErrorRule> error_rules() { return kRules; }

ErrorKind classify_aws_error(std::string_view code, int status) {
  const ErrorRule* rule = find_rule(code);
  return rule != nullptr ? rule->kind : kind_of_status(status);
}

ErrorAnswer read_error_answer(std::string_view body) {
  if (cbor::begins_map(body)) {
    const Result<std::string> json = cbor::to_json(body);
    return json ? read_error_answer(*json) : ErrorAnswer{"", to_string(json.error())};
  }
  json::Parser parser;
  Result<json::Element> document = parser.parse(body);
  if (!document || !document->is_object()) {
    ErrorAnswer answer{xml_text(body, "Code"), xml_text(body, "Message")};
    if (answer.message.empty()) answer.message = excerpt(body);
    return answer;
  }
  ErrorAnswer answer;
  for (const char* name : {"__type", "code", "Code"}) {
    if (answer.code.empty()) answer.code = short_code(json::string_member(*document, name).value_or(""));
  }
  for (const char* name : {"message", "Message", "errorMessage"}) {
    if (answer.message.empty()) answer.message = json::string_member(*document, name).value_or("");
  }
  return answer;
}

ErrorKind classify_error_answer(const ErrorAnswer& answer, int status) {
  std::string text = ascii_lower(answer.message);
  ErrorKind kind = classify_aws_error(answer.code, status);
  if (answer.code == "InvalidSignatureException" || answer.code == "SignatureDoesNotMatch") {
    bool of_time = mentions(text, "signature expired") || mentions(text, "not yet current") || mentions(text, "clock");
    return of_time ? ErrorKind::skewed : kind;
  }
  if (answer.code == "InvalidArgumentException" && mentions(text, "iterator") && mentions(text, "expired"))
    return ErrorKind::expired;
  return kind;
}

bool is_token_expired(const ErrorAnswer& answer) {
  return answer.code == "ExpiredTokenException" || answer.code == "ExpiredToken";
}

bool is_key_unknown(const ErrorAnswer& answer) {
  return answer.code == "UnrecognizedClientException" || answer.code == "InvalidClientTokenId" ||
         answer.code == "InvalidAccessKeyId";
}

Error aws_error(std::string_view action, int status, std::string_view body, std::string_view about) {
  ErrorAnswer answer = read_error_answer(body);
  ErrorKind kind = classify_error_answer(answer, status);
  const ErrorRule* rule = find_rule(answer.code);
  bool literal = rule != nullptr && rule->kind == kind;
  std::string reason = literal                      ? std::string(rule->reason)
                       : kind == ErrorKind::skewed  ? "our clock and the service's differ too much"
                       : kind == ErrorKind::expired ? "the shard iterator has expired"
                                                    : fmt::format("the answer is HTTP {}", status);
  std::string separator = answer.code.empty() || answer.message.empty() ? "" : ": ";
  const bool of_key = answer.code.starts_with("KMS") && kind == ErrorKind::denied;
  return Error{
      kind, fmt::format("{}{} failed: {}", action, about, reason), answer.code + separator + answer.message,
      of_key ? "check the key that the data is encrypted with, and the right kms:Decrypt on it" : hint_for(kind, action)};
}

}  // namespace ctk::aws
