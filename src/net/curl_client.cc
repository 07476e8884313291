// One thread owns the multi handle and every easy handle; whoever sends only queues and wakes it.
#include "net/curl_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <csignal>

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/lifeline.h"
#include "net/curl_exchange.h"
#include "net/curl_stream.h"
#include "net/curl_whole.h"
#include "net/http_metrics.h"

namespace ctk::net {
namespace {

Duration monotonic() { return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()); }

void block_signals() {
  // Signals are for the thread that waits for them; a broken connection is no reason for SIGPIPE.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

struct CurlClient::State {
  State(EventLoop& l, CurlOptions o) : loop(l), options(std::move(o)), multi(curl_multi_init()) {
    if (options.metrics != nullptr) counted.emplace(*options.metrics);
    limit_connections();
    curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, 2L * options.max_connections_per_host);
    curl_multi_setopt(multi.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  }

  /// An exchange that has a connection of its own, for minutes, takes none of the others'.
  void limit_connections() {
    curl_multi_setopt(multi.get(), CURLMOPT_MAX_HOST_CONNECTIONS, options.max_connections_per_host + own_connections);
  }

  void began(const CurlExchange& exchange) {
    if (!exchange.has_its_own_connection()) return;
    ++own_connections;
    limit_connections();
  }

  void is_over(const CurlExchange& exchange) {
    if (counted) counted->ended(exchange.figures());
    if (!exchange.has_its_own_connection()) return;
    --own_connections;
    limit_connections();
  }

  void queue(std::unique_ptr<CurlExchange> exchange) {
    {
      const std::lock_guard lock(mutex);
      queued.push_back(std::move(exchange));
    }
    curl_multi_wakeup(multi.get());
  }

  void run() {
    block_signals();
    while (true) {
      std::vector<std::unique_ptr<CurlExchange>> fresh;
      {
        const std::lock_guard lock(mutex);
        if (stopping) break;
        fresh.swap(queued);
      }
      for (auto& exchange : fresh) start(std::move(exchange));
      int running = 0;
      curl_multi_perform(multi.get(), &running);
      finish_completed();
      const Duration pause = attend();
      const auto pause_ms = std::chrono::ceil<std::chrono::milliseconds>(pause).count();
      curl_multi_poll(multi.get(), nullptr, 0, static_cast<int>(pause_ms), nullptr);
    }
    for (auto& [easy, exchange] : active) curl_multi_remove_handle(multi.get(), easy);
  }

  void start(std::unique_ptr<CurlExchange> exchange) {
    EasyHandle easy;
    if (idle.empty()) {
      easy.reset(curl_easy_init());
    } else {
      easy = std::move(idle.back());
      idle.pop_back();
    }
    exchange->set_up(std::move(easy), options);
    CURL* handle = exchange->easy();
    began(*exchange);
    active.emplace(handle, std::move(exchange));
    curl_multi_add_handle(multi.get(), handle);
  }

  /// How long nobody needs it again.
  Duration attend() {
    Duration pause = std::chrono::minutes(1);
    const Duration now = monotonic();
    std::erase_if(active, [&](auto& each) {
      auto& [easy, exchange] = each;
      if (exchange->attend(now)) {
        pause = std::min(pause, exchange->next_attention(now));
        return false;
      }
      curl_multi_remove_handle(multi.get(), easy);
      is_over(*exchange);
      return true;
    });
    return std::max(pause, Duration{});
  }

  void finish_completed() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result;
      curl_multi_remove_handle(multi.get(), easy);
      const auto found = active.find(easy);
      const std::unique_ptr<CurlExchange> exchange = std::move(found->second);
      active.erase(found);
      exchange->finish(code);
      is_over(*exchange);
      idle.push_back(exchange->take_easy());
    }
  }

  EventLoop& loop;
  const CurlOptions options;
  std::optional<HttpMetrics> counted;  // of the thread
  MultiHandle multi;
  std::unordered_map<CURL*, std::unique_ptr<CurlExchange>> active;  // of the thread
  std::vector<EasyHandle> idle;                                     // of the thread
  long own_connections = 0;                                         // of the thread
  std::mutex mutex;
  std::vector<std::unique_ptr<CurlExchange>> queued;
  bool stopping = false;
  std::thread thread;
  Lifeline lifeline;
};

CurlClient::CurlClient(EventLoop& loop, CurlOptions options) {
  static const CURLcode kLibraryReady = curl_global_init(CURL_GLOBAL_DEFAULT);  // libcurl wants this once a process
  (void)kLibraryReady;
  state_ = std::make_unique<State>(loop, std::move(options));
  state_->thread = std::thread([state = state_.get()] { state->run(); });
  pthread_setname_np(state_->thread.native_handle(), "http");
}

CurlClient::~CurlClient() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  curl_multi_wakeup(state_->multi.get());
  state_->thread.join();
}

void CurlClient::send(HttpRequest request, HttpDone done) {
  state_->queue(
      make_whole_exchange(std::move(request), std::move(done), state_->loop, state_->lifeline, state_->multi.get()));
}

std::unique_ptr<HttpStream> CurlClient::open_stream(HttpStreamRequest request, Done<HttpHead> begun) {
  CurlStreamEnds ends = make_curl_stream(std::move(request), std::move(begun), state_->loop,
                                         [multi = state_->multi.get()] { curl_multi_wakeup(multi); });
  state_->queue(std::move(ends.exchange));
  return std::move(ends.stream);
}

}  // namespace ctk::net
