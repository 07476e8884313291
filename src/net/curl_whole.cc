#include "net/curl_whole.h"

#include <algorithm>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "json/reader.h"

namespace ctk::net {
namespace {

/// Wakes the thread of a multi handle, which then looks for what has been asked to stop.
struct Wake {
  CURLM* multi;
  void operator()() const { curl_multi_wakeup(multi); }
};

/// Makes room for `more` bytes and the padding behind them, doubling.
void make_room(std::string& body, size_t more, size_t expected) {
  const size_t needed = body.size() + more + json::kPadding;
  if (needed <= body.capacity()) return;
  body.reserve(std::max({needed, expected + json::kPadding, body.empty() ? 0 : body.capacity() * 2}));
}

class WholeExchange final : public CurlExchange {
 public:
  WholeExchange(HttpRequest request, HttpDone done, EventLoop& loop, const Lifeline& client, CURLM* multi)
      : CurlExchange(std::move(request)), done_(std::move(done)), loop_(loop), client_(client.sight()) {
    const std::stop_token& stop = this->request().stop;
    if (stop.stop_possible()) wake_on_stop_.emplace(stop, Wake{multi});
  }

  bool attend(Duration) override {
    if (!request().stop.stop_requested()) return true;
    note_failure(ErrorKind::stopped);
    complete(fail(ErrorKind::stopped, "the answer is not waited for any more"));
    return false;
  }
  Duration next_attention(Duration) const override { return Duration::max(); }

  void finish(CURLcode code) override {
    if (code != CURLE_OK && !response_.cut_off) {
      CurlFailure failed = failure(code);
      failed.too_large = too_large_;
      failed.max_answer_bytes = request().max_answer_bytes;
      Error error = curl_error(failed);
      note_failure(error.kind);
      return complete(std::unexpected(std::move(error)));
    }
    response_.status = status();
    response_.headers = std::move(headers());
    make_room(response_.body, 0, 0);
    complete(std::move(response_));
  }

 protected:
  void set_limits(CURL* easy) const override {
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    const auto most = std::chrono::ceil<std::chrono::milliseconds>(request().timeout).count();
    // A page of records is megabytes: the fewer reads of the socket, the better.
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 128L << 10);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<int64_t>(1, most)));
  }

  size_t take_body(std::string_view bytes) override {
    std::string& body = response_.body;
    const size_t room = request().max_answer_bytes - body.size();
    if (bytes.size() > room) {
      too_large_ = true;
      if (request().keep_beginning) keep_beginning(bytes.substr(0, room));
      return 0;
    }
    const curl_off_t length = body.empty() ? announced_length() : -1;
    const bool sensible = length > 0 && static_cast<size_t>(length) <= request().max_answer_bytes;
    make_room(body, bytes.size(), sensible ? static_cast<size_t>(length) : 0);
    body.append(bytes);
    return bytes.size();
  }

 private:
  curl_off_t announced_length() const {
    curl_off_t length = -1;
    curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    return length;
  }

  void keep_beginning(std::string_view last) {
    make_room(response_.body, last.size(), 0);
    response_.body.append(last);
    response_.cut_off = true;
    const curl_off_t length = announced_length();
    // The length of what is compressed is another one.
    const bool compressed = !find_header(headers(), "content-encoding").empty();
    if (length > 0 && !compressed) response_.whole_bytes = static_cast<size_t>(length);
  }

  void complete(Result<HttpResponse> answer) {
    loop_.post([client = client_, done = std::move(done_), answer = std::move(answer)]() mutable {
      if (client.alive()) done(std::move(answer));
    });
  }

  HttpDone done_;
  EventLoop& loop_;
  Lifeline::Sight client_;
  HttpResponse response_;
  bool too_large_ = false;
  std::optional<std::stop_callback<Wake>> wake_on_stop_;
};

}  // namespace

std::unique_ptr<CurlExchange> make_whole_exchange(HttpRequest request, HttpDone done, EventLoop& loop,
                                                  const Lifeline& client, CURLM* multi) {
  return std::make_unique<WholeExchange>(std::move(request), std::move(done), loop, client, multi);
}

}  // namespace ctk::net
