// An exchange whose answer is kept until it is whole.
#pragma once

#include <memory>

#include "base/event_loop.h"
#include "base/lifeline.h"
#include "net/curl_exchange.h"

namespace ctk::net {

/// `done` is called on the loop, as long as what `client` belongs to lives. `multi` is woken by the request's stop token,
/// from any thread.
std::unique_ptr<CurlExchange> make_whole_exchange(HttpRequest request, HttpDone done, EventLoop& loop,
                                                  const Lifeline& client, CURLM* multi);

}  // namespace ctk::net
