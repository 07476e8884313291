// For tests: the client as production has it.
#pragma once

#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "base/event_loop.h"
#include "net/curl_client.h"

namespace ctk::net {

/// A loop on a thread of its own, and a client on it.
class Browser {
 public:
  explicit Browser(CurlOptions options = {}) : loop_(clock_), client_(std::in_place, loop_, std::move(options)) {
    ::setenv("NO_PROXY", "127.0.0.1", 1);  // the servers here are never behind a proxy of the machine
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Browser() {
    client_.reset();
    loop_.quit();
    thread_.join();
  }

  std::future<Result<HttpResponse>> start(HttpRequest request) {
    auto promise = std::make_shared<std::promise<Result<HttpResponse>>>();
    client_->send(std::move(request), [this, promise](Result<HttpResponse> answer) {
      on_loop_ = on_loop_ && std::this_thread::get_id() == thread_.get_id();
      promise->set_value(std::move(answer));
    });
    return promise->get_future();
  }
  Result<HttpResponse> fetch(HttpRequest request) { return start(std::move(request)).get(); }
  EventLoop& loop() { return loop_; }
  CurlClient& client() { return *client_; }
  bool always_on_loop() const { return on_loop_; }

 private:
  SystemClock clock_;
  ThreadLoop loop_;
  std::optional<CurlClient> client_;
  std::thread thread_;
  bool on_loop_ = true;
};

}  // namespace ctk::net
