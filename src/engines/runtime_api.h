// AWS Lambda's runtime API, by which a custom runtime gets its invocations and answers them: HTTP on the loopback of the
// function's environment. Source: "Using the Lambda runtime API for custom runtimes" (version 2018-06-01).
//
//   GET  /2018-06-01/runtime/invocation/next           the event; Lambda-Runtime-Aws-Request-Id, Lambda-Runtime-Deadline-Ms
//   POST /2018-06-01/runtime/invocation/ID/response    what the function answers
//   POST /2018-06-01/runtime/invocation/ID/error       {"errorMessage", "errorType", "stackTrace"}
//   POST /2018-06-01/runtime/init/error                the same: the function cannot begin
#pragma once

#include <string>
#include <string_view>

#include "base/done.h"
#include "base/lifeline.h"
#include "engines/lambda_session.h"
#include "net/http.h"

namespace ctk::engines {

/// As Lambda shows it: a word for whoever counts them, a sentence for who reads it.
struct RuntimeError {
  std::string type;  ///< "ctk.denied"
  std::string message;
};
/// Without the user's secrets, which is for the caller to see to.
RuntimeError runtime_error_of(const Error& error);
std::string runtime_error_body(const RuntimeError& error);

/// What an answer to `next` holds. `corrupt` where it says no request's id.
Result<Invocation> read_invocation(net::HttpResponse response);

class RuntimeApi {
 public:
  /// `host`: AWS_LAMBDA_RUNTIME_API, "127.0.0.1:9001". The client outlives it.
  RuntimeApi(net::HttpClient& client, std::string_view host);

  /// Waits as long as it takes.
  void next(Done<Invocation> done);
  /// False: Lambda has not taken it, since it has ended the invocation meanwhile. An Error: it cannot be spoken with.
  void answer(const std::string& id, std::string body, Done<bool> done);
  void refuse(const std::string& id, const RuntimeError& error, Done<bool> done);
  void fail_init(const RuntimeError& error, Done<bool> done);

 private:
  void post(const std::string& path, std::string body, net::HttpHeaders headers, Done<bool> done);

  net::HttpClient& client_;
  std::string base_;
  Lifeline lifeline_;
};

}  // namespace ctk::engines
