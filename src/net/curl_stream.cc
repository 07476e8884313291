#include "net/curl_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/lifeline.h"

namespace ctk::net {
namespace {

/// At once from a stream. libcurl adds a byte, and with it the buffer is of a size that allocators have.
constexpr long kReceived = (2L << 10) - 1;

/// What the two threads share, under the mutex.
struct Shared {
  std::mutex mutex;
  std::optional<HttpHead> head;   ///< until it has been handed on
  std::string bytes;              ///< come and not read
  std::optional<Status> end;      ///< nothing more comes
  bool held_back = false;         ///< the transfer is paused
  bool goes_on = false;           ///< and is to go on
  bool left = false;              ///< nobody reads any more
  bool reader_is_coming = false;  ///< a step on the loop will look here
};

/// The reader's end, on the loop.
class CurlStream final : public HttpStream {
 public:
  CurlStream(std::shared_ptr<Shared> shared, Done<HttpHead> begun, EventLoop& loop, std::function<void()> wake)
      : shared_(std::move(shared)), begun_(std::move(begun)), loop_(loop), wake_(std::move(wake)) {}
  CurlStream(const CurlStream&) = delete;
  CurlStream& operator=(const CurlStream&) = delete;
  ~CurlStream() override {
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->left = true;
    }
    wake_();
  }

  void read(Done<std::string> done) override {
    reader_ = std::move(done);
    loop_.post(lifeline_.guard([this] { hand_on(); }));
  }

  Lifeline::Sight sight() const { return lifeline_.sight(); }

  /// Gives what there is to whoever waits for it. Whoever is called may destroy this.
  void hand_on() {
    std::unique_lock lock(shared_->mutex);
    shared_->reader_is_coming = false;
    if (begun_ && shared_->head) return begin(std::move(lock));
    if (begun_ && shared_->end) return fail_to_begin(std::move(lock));
    if (begun_ || !reader_) return;
    if (!shared_->bytes.empty()) return give_bytes(std::move(lock));
    if (!shared_->end) return;
    const Status end = *shared_->end;
    lock.unlock();
    Done<std::string> reader = std::exchange(reader_, nullptr);
    if (end) return reader(std::string());
    reader(std::unexpected(end.error()));
  }

 private:
  void begin(std::unique_lock<std::mutex> lock) {
    HttpHead head = std::move(*shared_->head);
    shared_->head.reset();
    lock.unlock();
    // Whoever has begun to read before it began is served in a step of its own.
    if (reader_) loop_.post(lifeline_.guard([this] { hand_on(); }));
    Done<HttpHead> begun = std::exchange(begun_, nullptr);
    begun(std::move(head));
  }

  void fail_to_begin(std::unique_lock<std::mutex> lock) {
    const Status end = *shared_->end;
    lock.unlock();
    Done<HttpHead> begun = std::exchange(begun_, nullptr);
    begun(end ? Result<HttpHead>(fail(ErrorKind::unreachable, "the answer ended before it began"))
              : std::unexpected(end.error()));
  }

  void give_bytes(std::unique_lock<std::mutex> lock) {
    std::string bytes = std::exchange(shared_->bytes, {});
    const bool goes_on = std::exchange(shared_->held_back, false);
    if (goes_on) shared_->goes_on = true;
    lock.unlock();
    if (goes_on) wake_();
    Done<std::string> reader = std::exchange(reader_, nullptr);
    reader(std::move(bytes));
  }

  std::shared_ptr<Shared> shared_;
  Done<HttpHead> begun_;
  Done<std::string> reader_;
  EventLoop& loop_;
  std::function<void()> wake_;
  Lifeline lifeline_;
};

/// The transfer, on the client's thread.
class StreamExchange final : public CurlExchange {
 public:
  StreamExchange(HttpRequest request, const HttpStreamRequest& limits, std::shared_ptr<Shared> shared, EventLoop& loop,
                 CurlStream* reader)
      : CurlExchange(std::move(request)),
        silence_(limits.silence),
        max_held_(limits.max_held),
        http2_(limits.http2),
        shared_(std::move(shared)),
        loop_(loop),
        reader_(reader),
        reader_sight_(reader->sight()) {}

  bool attend(Duration now) override {
    if (!heard_at_ || std::exchange(heard_, false)) heard_at_ = now;
    bool goes_on = false;
    bool held_back = false;
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->left) return false;
      goes_on = std::exchange(shared_->goes_on, false);
      held_back = shared_->held_back;
    }
    if (goes_on) {
      heard_at_ = now;
      curl_easy_pause(easy(), CURLPAUSE_CONT);
    }
    held_back_ = held_back;
    if (held_back || now - *heard_at_ < silence_) return true;
    note_failure(ErrorKind::unreachable);
    end(fail(ErrorKind::unreachable, fmt::format("{} has sent nothing for {}", address(), format_duration(silence_))));
    return false;
  }

  Duration next_attention(Duration now) const override {
    return held_back_ || !heard_at_ ? Duration::max() : *heard_at_ + silence_ - now;
  }

  // libcurl 7.88 cannot use a connection again that was begun by prior knowledge.
  bool has_its_own_connection() const override { return http2_ && !is_over_tls(); }

  void finish(CURLcode code) override {
    if (code == CURLE_OK) return end({});
    if (http2_ && code == CURLE_WRITE_ERROR) {
      note_failure(ErrorKind::throttled);
      return end(fail(ErrorKind::throttled, fmt::format("{} has sent more than there was room for", address())));
    }
    Error error = curl_error(failure(code));
    note_failure(error.kind);
    end(std::unexpected(std::move(error)));
  }

 protected:
  // Not compressed: a small piece of such an answer may be a large one of what it says.
  void set_limits(CURL* easy) const override {
    if (!http2_) return;
    // There may be a thousand: libcurl would hold 64 KB for what each sends, of which the least is enough, and 16 KB for
    // what it receives.
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16L << 10);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceived);
    if (is_over_tls()) {
      curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
      // libcurl would take an idle connection that ordinary calls have made with HTTP/1.1. It takes none of another TLS
      // configuration: HTTP/2 asks for 1.2 at least, and says so.
      curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
      // A connection that is being made is waited for: else each of a thousand would make its own.
      curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
      return;
    }
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  }

  void take_head() override {
    heard_ = true;
    const std::lock_guard lock(shared_->mutex);
    shared_->head = HttpHead{status(), std::move(headers())};
    call_reader();
  }

  size_t take_body(std::string_view bytes) override {
    heard_ = true;
    const std::lock_guard lock(shared_->mutex);
    if (shared_->left) return 0;
    if (shared_->bytes.size() >= max_held_) {
      // libcurl 7.88 has bugs where a transfer of HTTP/2 is paused, and its window of 32 MB is held for each.
      if (http2_) return 0;
      shared_->held_back = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    shared_->bytes.append(bytes);
    call_reader();
    return bytes.size();
  }

 private:
  bool is_over_tls() const { return request().url.starts_with("https:"); }

  void end(Status status) {
    const std::lock_guard lock(shared_->mutex);
    shared_->end = std::move(status);
    call_reader();
  }

  /// Under the mutex.
  void call_reader() {
    if (std::exchange(shared_->reader_is_coming, true)) return;
    loop_.post([sight = reader_sight_, reader = reader_] {
      if (sight.alive()) reader->hand_on();
    });
  }

  const Duration silence_;
  const size_t max_held_;
  const bool http2_;
  std::shared_ptr<Shared> shared_;
  EventLoop& loop_;
  CurlStream* reader_;  ///< used on the loop only, while it is in sight
  Lifeline::Sight reader_sight_;
  std::optional<Duration> heard_at_;  ///< the peer, or allowed it to speak again
  bool heard_ = false;                ///< since the last attention
  bool held_back_ = false;
};

}  // namespace

CurlStreamEnds make_curl_stream(HttpStreamRequest request, Done<HttpHead> begun, EventLoop& loop,
                                std::function<void()> wake) {
  auto shared = std::make_shared<Shared>();
  auto stream = std::make_unique<CurlStream>(shared, std::move(begun), loop, std::move(wake));
  HttpRequest asked;
  asked.method = std::move(request.method);
  asked.url = std::move(request.url);
  asked.headers = std::move(request.headers);
  asked.body = std::move(request.body);
  auto exchange = std::make_unique<StreamExchange>(std::move(asked), request, std::move(shared), loop, stream.get());
  return {std::move(exchange), std::move(stream)};
}

}  // namespace ctk::net
