#include "aws/json_caller.h"

#include <fmt/format.h>

#include "cbor/cbor_json.h"
#include "cbor/cbor_reader.h"
#include "json/cut_off.h"

namespace ctk::aws {

JsonCaller::JsonCaller(JsonService service, ServiceEndpoint endpoint, CredentialSource& credentials, net::HttpClient& http,
                       Executor& decoder, Clock& clock, std::optional<WireFormat> format, Compression compression)
    : service_(std::move(service)),
      endpoint_(std::move(endpoint)),
      address_(split_endpoint(endpoint_.url)),
      credentials_(credentials),
      http_(http),
      decoder_(decoder),
      clock_(clock),
      format_(service_.cbor_content_type.empty() ? WireFormat::json : format),
      compression_(compression) {}

std::unexpected<Error> JsonCaller::no_whole_entry() {
  return fail(ErrorKind::too_large, "the first entry of the answer alone is longer than there is room for");
}

bool JsonCaller::close_cut_list(std::string& body, std::string_view list) {
  return cbor::begins_map(body) ? cbor::close_cut_list(body, list) : json::close_cut_list(body, list);
}

void JsonCaller::call(JsonCall call, Done<JsonAnswer> done) {
  exchange(std::move(call), [done = std::move(done)](Result<JsonAnswer> answer) mutable {
    if (answer && cbor::begins_map(answer->body)) {
      Result<std::string> json = cbor::to_json(answer->body);
      if (json) answer->body = std::move(*json);  // else whoever reads it finds that it is nothing
    }
    done(std::move(answer));
  });
}

void JsonCaller::exchange(JsonCall call, Done<JsonAnswer> done) {
  begin(Attempt{.call = std::move(call), .format = format_.next()}, std::move(done));
}

void JsonCaller::begin(Attempt attempt, Done<JsonAnswer> done) {
  auto sign_and_send = [this, attempt = std::move(attempt), done = std::move(done)](Result<Credentials> found) mutable {
    if (!found) return done(forward_error(std::move(found)));
    // No others are to be had: what the service has said of these stands.
    if (attempt.refusal && *found == attempt.signer) return done(std::unexpected(std::move(*attempt.refusal)));
    attempt.signer = std::move(*found);
    send(std::move(attempt), std::move(done));
  };
  credentials_.get(lifeline_.guard(std::move(sign_and_send)));
}

void JsonCaller::send(Attempt attempt, Done<JsonAnswer> done) {
  net::HttpRequest request = signed_request(attempt);
  request.timeout = timeouts_[attempt.call.action].value();
  attempt.sent = clock_.monotonic();
  auto take = [this, attempt = std::move(attempt), done = std::move(done)](Result<net::HttpResponse> answer) mutable {
    take_answer(std::move(attempt), std::move(answer), std::move(done));
  };
  http_.send(std::move(request), lifeline_.guard(std::move(take)));
}

net::HttpRequest JsonCaller::signed_request(const Attempt& attempt) {
  const JsonCall& call = attempt.call;
  const bool in_cbor = attempt.format == WireFormat::cbor;
  const std::string& body = in_cbor ? call.cbor_body : call.body;
  Timestamp now = clock_.now() + clock_error_;
  SigningRequest unsigned_request{.method = "POST", .path = address_.path, .query = "", .headers = {}, .body = body};
  net::HttpHeaders& headers = unsigned_request.headers;
  headers.reserve(6);
  headers.emplace_back("Host", address_.host);
  headers.emplace_back("Content-Type", in_cbor ? service_.cbor_content_type : service_.content_type);
  headers.emplace_back("X-Amz-Target", fmt::format("{}.{}", service_.target, call.action));
  Signature signature = sign_with_key(unsigned_request, attempt.signer, scope(), key_for(attempt.signer, now), now);
  net::HttpRequest request;
  request.method = "POST";
  request.url = address_.url;
  request.headers = std::move(unsigned_request.headers);
  for (auto& header : signature.headers) request.headers.push_back(std::move(header));
  request.body = std::move(unsigned_request.body);
  request.max_answer_bytes = call.max_answer_bytes;
  request.keep_beginning = !call.list.empty();
  request.takes_gzip = compression_.is_asked_for();
  request.crc32_header = "x-amz-crc32";
  return request;
}

/// The derived key lives for a day, or until the secret changes.
const SigningKey& JsonCaller::key_for(const Credentials& credentials, Timestamp now) {
  bool same = key_.date == std::string_view(amz_date(now)).substr(0, 8) && key_secret_ == credentials.secret_key;
  if (!same) {
    key_ = derive_signing_key(credentials.secret_key, scope(), now);
    key_secret_ = credentials.secret_key;
  }
  return key_;
}

void JsonCaller::take_answer(Attempt attempt, Result<net::HttpResponse> answer, Done<JsonAnswer> done) {
  const JsonCall& call = attempt.call;
  AdaptiveTimeout& timeout = timeouts_[call.action];
  const Duration took = clock_.monotonic() - attempt.sent;
  if (answer) {
    timeout.answered(took);
  } else if (answer.error().kind == ErrorKind::unreachable && took >= timeout.value()) {
    timeout.waited_in_vain();
  }
  if (!answer) {
    answer.error().message = fmt::format("{}{}: {}", call.action, about(call), answer.error().message);
    return done(forward_error(std::move(answer)));
  }
  compression_.came(answer->came_as, answer->transfer);
  const bool wants_json = format_.wants_json(attempt.format, answer->status, answer->body);
  if (answer->status >= 200 && answer->status < 300) {
    Timestamp time = answer->date().value_or(clock_.now());
    return done(JsonAnswer{std::move(answer->body), time, answer->cut_off, answer->whole_bytes});
  }
  ErrorAnswer refusal = read_error_answer(answer->body);
  if (!call.answering_code.empty() && refusal.code == call.answering_code) {
    Timestamp time = answer->date().value_or(clock_.now());
    return done(JsonAnswer{.body = std::move(answer->body), .server_time = time, .refused = true});
  }
  ErrorKind kind = classify_error_answer(refusal, answer->status);
  if (kind == ErrorKind::skewed && !attempt.clock_corrected && answer->date()) {
    clock_error_ = *answer->date() - clock_.now();
    attempt.clock_corrected = true;
    return send(std::move(attempt), std::move(done));
  }
  if ((is_token_expired(refusal) || is_key_unknown(refusal)) && !attempt.refusal) {
    credentials_.refused(attempt.signer);
    attempt.refusal = failure(call, refusal, *answer);
    return begin(std::move(attempt), std::move(done));
  }
  if (wants_json) {
    attempt.format = WireFormat::json;
    return send(std::move(attempt), std::move(done));
  }
  done(std::unexpected(failure(call, refusal, *answer)));
}

Error JsonCaller::failure(const JsonCall& call, const ErrorAnswer& refusal, const net::HttpResponse& answer) const {
  // A right has the service's name before it: "kinesis:GetRecords".
  const bool denied = classify_error_answer(refusal, answer.status) == ErrorKind::denied;
  const std::string action = denied ? service_.signing_name + ":" + call.action : call.action;
  Error error = aws_error(action, answer.status, answer.body, about(call));
  if (is_token_expired(refusal)) {
    error.kind = ErrorKind::denied;  // asking for credentials again gave no better ones
    error.hint = "renew the session token";
  }
  if (error.kind == ErrorKind::not_found && !call.object.empty()) {
    bool of_part = !call.part.empty() && refusal.message.find(call.part) != std::string::npos;
    std::string what = of_part ? fmt::format("shard {} of {}", call.part, call.object) : call.object;
    error.message = fmt::format("there is no {} in region {} at {}", what, endpoint_.region, endpoint_.url);
    const bool is_aws = endpoint_.url.find(".amazonaws.com") != std::string::npos;
    if (!of_part && is_aws) error.hint = "look at the name, at the region, and at whose account the credentials are of";
    if (!of_part && !is_aws)
      error.hint =
          "emulators may keep regions and access keys apart (DynamoDB Local does, unless it runs with -sharedDb): use "
          "those that it was made with";
  }
  return error;
}

/// " of stream 'cdc' in region eu-central-1".
std::string JsonCaller::about(const JsonCall& call) const {
  std::string object = call.object.empty() ? "" : fmt::format(" of {}", call.object);
  return fmt::format("{} in region {}", object, endpoint_.region);
}

}  // namespace ctk::aws
