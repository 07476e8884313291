// An answer taken as it comes, by whoever has no room for the whole of it, or waits for what never ends.
//
//   auto stream = client.open_stream({.url = url}, [&](Result<HttpHead> head) { … stream->read(…) … });
//   stream->read([&](Result<std::string> bytes) { … stream->read(…) … });   // and so on until it gives ""
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/done.h"
#include "base/time.h"
#include "net/http.h"

namespace ctk::net {

struct HttpStreamRequest {
  std::string method = "GET";
  std::string url;  ///< absolute, http or https
  HttpHeaders headers = {};
  std::string body = {};
  /// The longest time without a byte of the answer while the peer may send, from the request on. The whole has no limit.
  Duration silence = std::chrono::seconds(30);
  /// Of bytes that have come and that nobody has read, about. The peer is held back then: they wait at its end. Over HTTP/2
  /// the answer breaks off instead, as `throttled`.
  size_t max_held = 256u << 10;
  /// Over TLS many answers share a connection. Without, each has its own, and the peer has to know HTTP/2 without being
  /// asked.
  bool http2 = false;
};

/// What comes before the bytes.
struct HttpHead {
  int status = 0;
  HttpHeaders headers;

  std::string_view header(std::string_view name) const { return find_header(headers, name); }
};

/// An answer under way. Used on the loop, and destroyed there, or when the loop no longer runs: that breaks it off, and
/// nobody is told.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  /// What has come since the call before, as soon as there is any; "" behind the last byte. Errors are those of HttpClient,
  /// after all that came before them. Not reading is what holds the peer back (HttpStreamRequest::max_held). One call at a
  /// time.
  virtual void read(Done<std::string> done) = 0;
};

class HttpStreamClient {
 public:
  virtual ~HttpStreamClient() = default;
  /// `begun` is called once, on the loop, never from inside: any status is an answer, an Error means that there was none.
  /// The client outlives its streams.
  virtual std::unique_ptr<HttpStream> open_stream(HttpStreamRequest request, Done<HttpHead> begun) = 0;
};

}  // namespace ctk::net
