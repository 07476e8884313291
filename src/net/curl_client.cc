// One thread owns the multi handle and every easy handle; `send` only queues and wakes it.
#include "net/curl_client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <strings.h>
#include <csignal>

#include <algorithm>
#include <array>
#include <cctype>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/lifeline.h"
#include "json/reader.h"
#include "net/curl_errors.h"

namespace ctk::net {
namespace {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using EasyHandle = std::unique_ptr<CURL, FreeWith<curl_easy_cleanup>>;
using MultiHandle = std::unique_ptr<CURLM, FreeWith<curl_multi_cleanup>>;
using HeaderList = std::unique_ptr<curl_slist, FreeWith<curl_slist_free_all>>;
using UrlHandle = std::unique_ptr<CURLU, FreeWith<curl_url_cleanup>>;

long to_ms(Duration duration) {
  return static_cast<long>(std::max<int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(duration).count()));
}

std::string url_part(CURLU* url, CURLUPart part, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string result = text;
  curl_free(text);
  return result;
}

/// "host:port" of an address, for messages; the address without its user part where it is none.
std::string host_and_port(const std::string& address) {
  UrlHandle url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, address.c_str(), 0) != CURLUE_OK)
    return address.substr(address.rfind('@') + 1);
  return url_part(url.get(), CURLUPART_HOST, 0) + ":" + url_part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

/// Wakes the thread of a multi handle, which then looks for what has been asked to stop.
struct Wake {
  CURLM* multi;
  void operator()() const { curl_multi_wakeup(multi); }
};

/// One exchange, from send() to its answer.
struct Transfer {
  HttpRequest request;
  HttpDone done;
  EasyHandle easy;
  HeaderList headers;
  HttpResponse response;
  bool too_large = false;
  std::array<char, CURL_ERROR_SIZE> detail{};
  std::optional<std::stop_callback<Wake>> wake_on_stop;
};

/// Makes room for `more` bytes and the padding behind them, doubling.
void make_room(std::string& body, size_t more, size_t expected) {
  size_t needed = body.size() + more + json::kPadding;
  if (needed <= body.capacity()) return;
  body.reserve(std::max({needed, expected + json::kPadding, body.empty() ? 0 : body.capacity() * 2}));
}

void keep_beginning(Transfer& transfer, std::string_view last) {
  make_room(transfer.response.body, last.size(), 0);
  transfer.response.body.append(last);
  transfer.response.cut_off = true;
  curl_off_t length = -1;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  // The length of what is compressed is another one.
  const bool compressed = !transfer.response.header("content-encoding").empty();
  if (length > 0 && !compressed) transfer.response.whole_bytes = static_cast<size_t>(length);
}

size_t on_body(char* data, size_t, size_t size, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  std::string& body = transfer.response.body;
  const size_t room = transfer.request.max_answer_bytes - body.size();
  if (size > room) {
    transfer.too_large = true;
    if (transfer.request.keep_beginning) keep_beginning(transfer, {data, room});
    return 0;
  }
  curl_off_t length = -1;
  if (body.empty()) curl_easy_getinfo(transfer.easy.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  bool sensible = length > 0 && static_cast<size_t>(length) <= transfer.request.max_answer_bytes;
  make_room(body, size, sensible ? static_cast<size_t>(length) : 0);
  body.append(data, size);
  return size;
}

std::string_view trim(std::string_view text) {
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

size_t on_header(char* data, size_t, size_t size, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  std::string_view line(data, size);
  size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    transfer.response.headers.clear();  // those of a "100 Continue" before
  } else if (colon != std::string_view::npos) {
    std::string name(trim(line.substr(0, colon)));
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    transfer.response.headers.emplace_back(std::move(name), trim(line.substr(colon + 1)));
  }
  return size;
}

HeaderList make_headers(const HttpRequest& request) {
  curl_slist* list = nullptr;
  // Without a value libcurl leaves its own header away: no waiting for "100 Continue", no type that nobody gave.
  list = curl_slist_append(list, "Expect:");
  bool has_type = false;
  for (const auto& [name, value] : request.headers) {
    has_type = has_type || (name.size() == 12 && strncasecmp(name.c_str(), "content-type", 12) == 0);
    std::string line = value.empty() ? name + ";" : fmt::format("{}: {}", name, value);
    list = curl_slist_append(list, line.c_str());
  }
  if (!has_type) list = curl_slist_append(list, "Content-Type:");
  return HeaderList(list);
}

void set_method(CURL* easy, const HttpRequest& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request.method == "POST" || !request.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  if (request.method != "POST") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void set_up(Transfer& transfer, const CurlOptions& options) {
  CURL* easy = transfer.easy.get();
  const HttpRequest& request = transfer.request;
  transfer.headers = make_headers(request);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);  // a signature covers the path as it is
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, to_ms(request.timeout));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, to_ms(options.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.detail.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  if (!options.ca_bundle.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_bundle.c_str());
  if (!options.verify_certificates) curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
  if (!options.verify_host) curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  set_method(easy, request);
}

Error failure_of(const Transfer& transfer, CURLcode code, const CurlOptions& options) {
  long system_error = 0;
  curl_off_t connect_time = 0;  // none where a connection that was there is used
  long sent = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_OS_ERRNO, &system_error);
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_CONNECT_TIME_T, &connect_time);
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_REQUEST_SIZE, &sent);
  CurlFailure failure;
  failure.code = code;
  failure.detail = transfer.detail.data();
  failure.system_error = static_cast<int>(system_error);
  failure.address = host_and_port(transfer.request.url);
  failure.connected = connect_time > 0 || sent > 0;
  failure.too_large = transfer.too_large;
  failure.max_answer_bytes = transfer.request.max_answer_bytes;
  failure.timeout = transfer.request.timeout;
  failure.connect_timeout = options.connect_timeout;
  failure.ca_bundle = options.ca_bundle;
  return curl_error(failure);
}

Result<HttpResponse> answer_of(Transfer& transfer, CURLcode code, const CurlOptions& options) {
  if (code != CURLE_OK && !transfer.response.cut_off) return std::unexpected(failure_of(transfer, code, options));
  long status = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  make_room(transfer.response.body, 0, 0);
  return std::move(transfer.response);
}

void block_signals() {
  // Signals are for the thread that waits for them; a broken connection is no reason for SIGPIPE.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

struct CurlClient::State {
  State(EventLoop& l, CurlOptions o) : loop(l), options(std::move(o)), multi(curl_multi_init()) {
    long most = options.max_connections_per_host;
    curl_multi_setopt(multi.get(), CURLMOPT_MAX_HOST_CONNECTIONS, most);
    curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, most * 2);
    curl_multi_setopt(multi.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  }

  void run() {
    block_signals();
    while (true) {
      std::vector<std::unique_ptr<Transfer>> fresh;
      {
        std::lock_guard lock(mutex);
        if (stopping) break;
        fresh.swap(queued);
      }
      for (auto& transfer : fresh) start(std::move(transfer));
      int running = 0;
      curl_multi_perform(multi.get(), &running);
      finish_completed();
      break_off_stopped();
      constexpr int kLongestPollMs = 60'000;
      curl_multi_poll(multi.get(), nullptr, 0, kLongestPollMs, nullptr);
    }
    for (auto& [easy, transfer] : active) curl_multi_remove_handle(multi.get(), easy);
  }

  void start(std::unique_ptr<Transfer> transfer) {
    if (idle.empty()) {
      transfer->easy.reset(curl_easy_init());
    } else {
      transfer->easy = std::move(idle.back());
      idle.pop_back();
    }
    set_up(*transfer, options);
    CURL* easy = transfer->easy.get();
    active.emplace(easy, std::move(transfer));
    curl_multi_add_handle(multi.get(), easy);
  }

  void break_off_stopped() {
    std::erase_if(active, [this](auto& each) {
      auto& [easy, transfer] = each;
      if (!transfer->request.stop.stop_requested()) return false;
      curl_multi_remove_handle(multi.get(), easy);
      complete(*transfer, fail(ErrorKind::stopped, "the answer is not waited for any more"));
      return true;
    });
  }

  void complete(Transfer& transfer, Result<HttpResponse> answer) {
    loop.post(lifeline.guard(
        [done = std::move(transfer.done), answer = std::move(answer)]() mutable { done(std::move(answer)); }));
  }

  void finish_completed() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      CURLcode code = message->data.result;
      curl_multi_remove_handle(multi.get(), easy);
      auto found = active.find(easy);
      std::unique_ptr<Transfer> transfer = std::move(found->second);
      active.erase(found);
      Result<HttpResponse> answer = answer_of(*transfer, code, options);
      curl_easy_reset(easy);
      idle.push_back(std::move(transfer->easy));
      complete(*transfer, std::move(answer));
    }
  }

  EventLoop& loop;
  const CurlOptions options;
  MultiHandle multi;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> active;  // of the thread
  std::vector<EasyHandle> idle;                                 // of the thread
  std::mutex mutex;
  std::vector<std::unique_ptr<Transfer>> queued;
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
  auto transfer = std::make_unique<Transfer>();
  transfer->request = std::move(request);
  transfer->done = std::move(done);
  if (transfer->request.stop.stop_possible()) {
    transfer->wake_on_stop.emplace(transfer->request.stop, Wake{state_->multi.get()});
  }
  {
    std::lock_guard lock(state_->mutex);
    state_->queued.push_back(std::move(transfer));
  }
  curl_multi_wakeup(state_->multi.get());
}

}  // namespace ctk::net
