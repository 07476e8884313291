// An exchange whose answer is handed on as it comes.
//
// The client's thread and the loop share what has come and nobody has read. Where that is more than allowed the transfer is
// paused (libcurl then reads no more of the socket, and the peer's window closes), and goes on once it was read; over
// HTTP/2 it is broken off.
#pragma once

#include <functional>
#include <memory>

#include "base/event_loop.h"
#include "net/curl_exchange.h"
#include "net/http_stream.h"

namespace ctk::net {

/// The two ends of one answer.
struct CurlStreamEnds {
  std::unique_ptr<CurlExchange> exchange;  ///< for the client's thread
  std::unique_ptr<HttpStream> stream;      ///< for whoever reads
};

/// `wake` makes the client's thread attend to its exchanges, from any thread; it works as long as the stream lives.
CurlStreamEnds make_curl_stream(HttpStreamRequest request, Done<HttpHead> begun, EventLoop& loop,
                                std::function<void()> wake);

}  // namespace ctk::net
