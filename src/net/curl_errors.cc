#include "net/curl_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "net/http.h"

namespace ctk::net {
namespace {

std::string rounded(Duration time) { return format_duration(std::chrono::round<std::chrono::milliseconds>(time)); }

Error timed_out(const CurlFailure& failure) {
  std::string message = failure.connected
                            ? fmt::format("no answer from {} within {}", failure.address, rounded(failure.timeout))
                            : fmt::format("no connection to {} within {}", failure.address,
                                          rounded(std::min(failure.timeout, failure.connect_timeout)));
  return Error{ErrorKind::unreachable, std::move(message), failure.detail, ""};
}

Error speaks_no_http(const CurlFailure& failure, const std::string& detail) {
  return Error{ErrorKind::unreachable, fmt::format("what answers at {} does not speak HTTP", failure.address), detail,
               std::string(kSpeaksNoHttp)};
}

Error handshake_failed(const CurlFailure& failure) {
  bool broken_off = failure.system_error != 0 || failure.detail.find("SSL_ERROR_SYSCALL") != std::string::npos;
  return Error{broken_off ? ErrorKind::unreachable : ErrorKind::refused,
               fmt::format("no TLS connection to {}", failure.address), failure.detail,
               broken_off ? "" : "does this port speak TLS?"};
}

}  // namespace

Error curl_error(const CurlFailure& failure) {
  const std::string& at = failure.address;
  std::string system = failure.system_error != 0 ? std::strerror(failure.system_error) : "";
  std::string detail = failure.detail.empty() ? curl_easy_strerror(failure.code) : failure.detail;
  if (failure.too_large) {
    return Error{ErrorKind::too_large,
                 fmt::format("the answer of {} is longer than {} bytes", at, failure.max_answer_bytes), "", ""};
  }
  switch (failure.code) {
    case CURLE_WEIRD_SERVER_REPLY: return speaks_no_http(failure, detail);
    case CURLE_GOT_NOTHING:
      return Error{ErrorKind::unreachable, fmt::format("{} hung up without an answer", at), detail,
                   std::string(kSpeaksNoHttp)};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      if (failure.connected) return speaks_no_http(failure, detail);
      return Error{ErrorKind::usage, fmt::format("'{}' is no http or https address", at), detail, ""};
    case CURLE_COULDNT_RESOLVE_HOST:
      return Error{ErrorKind::unreachable, fmt::format("cannot resolve the host of {}", at), detail,
                   "is the name right, and does DNS answer?"};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Error{ErrorKind::unreachable, fmt::format("cannot resolve the proxy for {}", at), detail,
                   "see HTTPS_PROXY and NO_PROXY"};
    case CURLE_COULDNT_CONNECT:
      return Error{ErrorKind::unreachable, fmt::format("cannot connect to {}", at), system.empty() ? detail : system, ""};
    case CURLE_OPERATION_TIMEDOUT: return timed_out(failure);
    case CURLE_SSL_CONNECT_ERROR: return handshake_failed(failure);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return Error{ErrorKind::refused, fmt::format("the certificate of {} is not trusted", at), detail,
                   "AWS_CA_BUNDLE or SSL_CERT_FILE can name a file of certificates to trust"};
    case CURLE_SSL_CACERT_BADFILE:
      return Error{ErrorKind::refused, fmt::format("cannot read the certificates in '{}'", failure.ca_bundle), detail, ""};
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_BAD_CONTENT_ENCODING: return Error{ErrorKind::refused, fmt::format("cannot speak with {}", at), detail, ""};
    default:
      return Error{ErrorKind::unreachable, fmt::format("the connection to {} broke off", at),
                   system.empty() ? detail : system, ""};
  }
}

}  // namespace ctk::net
