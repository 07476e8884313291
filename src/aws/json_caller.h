// One service of AWS that takes JSON over HTTP, or the same in CBOR: signs and sends its calls, and answers three refusals
// by itself, once each: a clock that is off, credentials that have expired or been replaced, and CBOR that is not
// understood.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "aws/adaptive_timeout.h"
#include "aws/compression.h"
#include "aws/credentials.h"
#include "aws/endpoints.h"
#include "aws/errors.h"
#include "aws/sigv4.h"
#include "aws/wire_format.h"
#include "base/done.h"
#include "base/event_loop.h"
#include "base/lifeline.h"
#include "net/http.h"

namespace ctk::aws {

/// What the requests to a service have in common.
struct JsonService {
  std::string signing_name;            ///< "kinesis"
  std::string target;                  ///< "Kinesis_20131202": X-Amz-Target before the action
  std::string content_type;            ///< "application/x-amz-json-1.1"
  std::string cbor_content_type = {};  ///< the same for CBOR; empty where it is not spoken
};

struct JsonCall {
  std::string action;
  std::string body;            ///< JSON
  std::string cbor_body = {};  ///< the same in CBOR, for services that it is spoken with
  std::string object = {};     ///< what it is about, for messages: "stream 'cdc'"; may be empty
  std::string part = {};       ///< what of the object may be missing, as the service would name it: a shard's id
  size_t max_answer_bytes = 16u << 20;
  /// A list at the answer's top of which the beginning is of use: of an answer that is too large, the whole entries that
  /// there was room for are handed on (JsonAnswer::cut_off). `too_large` where not even one is whole.
  std::string list = {};
  /// The code of a refusal that is an answer, too (JsonAnswer::refused), and no error; may be empty.
  std::string answering_code = {};
};

struct JsonAnswer {
  std::string body;
  Timestamp server_time{};  ///< of the answer's Date header, or our clock where it has none
  bool cut_off = false;     ///< only the beginning of JsonCall::list is there, and nothing that comes behind it
  size_t whole_bytes = 0;   ///< of what was cut off; 0 where nobody says
  bool refused = false;     ///< it is the refusal of JsonCall::answering_code
};

class JsonCaller {
 public:
  /// `decoder` is for `call_and_decode`; its jobs hold what they need. `format`: nothing leaves it to the endpoint, where
  /// the service knows both. `compression`: of a service that compresses its answers.
  JsonCaller(JsonService service, ServiceEndpoint endpoint, CredentialSource& credentials, net::HttpClient& http,
             Executor& decoder, Clock& clock, std::optional<WireFormat> format = {},
             Compression compression = Compression::off);

  /// `done` gets a 2xx answer, in JSON, or an error; never from inside this call, and not at all once the caller is gone.
  void call(JsonCall call, Done<JsonAnswer> done);

  /// The same; `read(body)` makes a Result<T> of the answer on the decoder, be it JSON or CBOR. `finish(T&, const
  /// JsonAnswer&)` completes it on the loop (the answer's body is gone by then).
  template <class T, class Read, class Finish>
  void call_and_decode(JsonCall request, Read read, Finish finish, Done<T> done) {
    std::string list = request.list;
    exchange(std::move(request), [this, list = std::move(list), read = std::move(read), finish = std::move(finish),
                                  done = std::move(done)](Result<JsonAnswer> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      auto job = [read = std::move(read), body = std::move(answer->body), cut_off = answer->cut_off,
                  list = std::move(list)]() mutable -> Result<T> {
        if (cut_off && !close_cut_list(body, list)) return no_whole_entry();
        return read(body);
      };
      answer->body.clear();
      auto deliver = [rest = std::move(*answer), finish = std::move(finish),
                      done = std::move(done)](Result<T> value) mutable {
        if (value) finish(*value, rest);
        done(std::move(value));
      };
      run_on(decoder_, std::move(job), lifeline_.guard(std::move(deliver)));
    });
  }

 private:
  /// A call, with what has been tried for it.
  struct Attempt {
    JsonCall call;
    Credentials signer = {};  ///< whom it was signed as
    Duration sent{};
    WireFormat format = WireFormat::json;
    bool clock_corrected = false;
    std::optional<Error> refusal = {};  ///< of the signer before this one
  };

  static std::unexpected<Error> no_whole_entry();
  static bool close_cut_list(std::string& body, std::string_view list);
  void exchange(JsonCall call, Done<JsonAnswer> done);
  void begin(Attempt attempt, Done<JsonAnswer> done);
  void send(Attempt attempt, Done<JsonAnswer> done);
  void take_answer(Attempt attempt, Result<net::HttpResponse> answer, Done<JsonAnswer> done);
  net::HttpRequest signed_request(const Attempt& attempt);
  const SigningKey& key_for(const Credentials& credentials, Timestamp now);
  Error failure(const JsonCall& call, const ErrorAnswer& refusal, const net::HttpResponse& answer) const;
  std::string about(const JsonCall& call) const;
  SigningScope scope() const { return {endpoint_.region, service_.signing_name}; }

  const JsonService service_;
  const ServiceEndpoint endpoint_;
  const EndpointAddress address_;
  CredentialSource& credentials_;
  net::HttpClient& http_;
  Executor& decoder_;
  Clock& clock_;
  FormatChoice format_;
  CompressionChoice compression_;
  Duration clock_error_{0};  ///< what is to be added to our clock to get the service's
  SigningKey key_;
  Secret key_secret_;
  std::map<std::string, AdaptiveTimeout> timeouts_;  ///< by action
  Lifeline lifeline_;
};

}  // namespace ctk::aws
