// One client's connection over HTTP/2 without TLS, by nghttp2: whole requests, answers that are whole or go on. For the
// simulated services only. Source: RFC 9113.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/http.h"

namespace ctk::sim {

struct Http2Request {
  net::HttpHeaders headers;  ///< names in lower case; ":method", ":path" among them
  std::string body;
};

/// An answer's body as it goes on.
class Http2Feed {
 public:
  enum class Then { goes_on, ends, breaks_off };
  struct Step {
    std::string bytes;
    Then then = Then::goes_on;
  };
  virtual ~Http2Feed() = default;
  /// What there is to say by now, if anything. Asked many times a second, while the client takes what was said.
  virtual Step next() = 0;
};

struct Http2Answer {
  int status = 200;
  net::HttpHeaders headers = {};
  std::string body = {};
  std::unique_ptr<Http2Feed> feed = {};  ///< behind the body
  bool hangs_up = false;                 ///< no answer: the request's stream is reset
};

using Http2Answerer = std::function<Http2Answer(const Http2Request&)>;

/// Serves until the client hangs up, `stop_bell` is readable, or `is_killed` says so; on the calling thread. Owns neither
/// descriptor.
void serve_http2(int socket, int stop_bell, const Http2Answerer& answer, const std::function<bool()>& is_killed);

}  // namespace ctk::sim
