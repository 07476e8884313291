#include "net/curl_whole.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "json/reader.h"
#include "net/gunzip.h"

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
    std::optional<Error> error = packing_error(code);
    if (!error && code != CURLE_OK && !response_.cut_off) {
      CurlFailure failed = failure(code);
      failed.too_large = too_large_;
      failed.max_answer_bytes = request().max_answer_bytes;
      error = curl_error(failed);
    }
    if (error) {
      note_failure(error->kind);
      return complete(std::unexpected(std::move(*error)));
    }
    response_.status = status();
    response_.headers = std::move(headers());
    response_.transfer = transfer();
    make_room(response_.body, 0, 0);
    complete(std::move(response_));
  }

 protected:
  void set_limits(CURL* easy) const override {
    // Unpacked here: libcurl would hand on nothing of what its checksum is over.
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, request().takes_gzip ? "gzip" : nullptr);
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    const auto most = std::chrono::ceil<std::chrono::milliseconds>(request().timeout).count();
    // A page of records is megabytes: the fewer reads of the socket, the better.
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 128L << 10);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<int64_t>(1, most)));
  }

  void take_head() override {
    packing_ = find_header(headers(), "content-encoding");
    if (packing_ == "identity") packing_.clear();
    if (packing_ == "gzip" || packing_ == "x-gzip") unpacker_ = std::make_unique<Gunzip>();
  }

  size_t take_body(std::string_view bytes) override {
    response_.came_as += bytes.size();
    if (!unpacker_) return packing_.empty() && keep(bytes) ? bytes.size() : 0;
    crc_ = crc32(crc_, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
    return unpacker_->feed(bytes, [this](std::string_view piece) { return keep(piece); }) ? bytes.size() : 0;
  }

 private:
  /// False: there is no room for it.
  bool keep(std::string_view bytes) {
    std::string& body = response_.body;
    const size_t room = request().max_answer_bytes - body.size();
    if (bytes.size() > room) {
      too_large_ = true;
      if (request().keep_beginning) keep_beginning(bytes.substr(0, room));
      return false;
    }
    const curl_off_t length = body.empty() && !unpacker_ ? announced_length() : -1;
    const bool sensible = length > 0 && static_cast<size_t>(length) <= request().max_answer_bytes;
    make_room(body, bytes.size(), sensible ? static_cast<size_t>(length) : 0);
    body.append(bytes);
    return true;
  }

  /// What is wrong with how the answer is packed, as far as it has come; what was cut off has no end to look at.
  std::optional<Error> packing_error(CURLcode code) const {
    if (!packing_.empty() && !unpacker_ && response_.came_as > 0)
      return Error{ErrorKind::refused, fmt::format("cannot speak with {}", address()),
                   fmt::format("its answer is packed by \"{}\"", packing_), ""};
    if (!unpacker_ || response_.came_as == 0) return std::nullopt;
    const auto damaged = [this](std::string why) {
      return Error{ErrorKind::unreachable, fmt::format("the answer of {} was damaged on its way", address()),
                   std::move(why), "does a proxy on the way repack answers?"};
    };
    if (unpacker_->is_damaged()) return damaged("what came is no gzip");
    if (code != CURLE_OK) return std::nullopt;
    if (!unpacker_->is_whole()) return damaged("it ends before its gzip data does");
    const std::string_view said = find_header(headers(), request().crc32_header);
    if (said.empty() || said == fmt::to_string(crc_)) return std::nullopt;
    return damaged(fmt::format("{} says {}, what came has {}", request().crc32_header, said, crc_));
  }

  Duration transfer() const {
    curl_off_t begun = 0, ended = 0;
    curl_easy_getinfo(easy(), CURLINFO_STARTTRANSFER_TIME_T, &begun);
    curl_easy_getinfo(easy(), CURLINFO_TOTAL_TIME_T, &ended);
    return std::chrono::microseconds(std::max<curl_off_t>(0, ended - begun));
  }

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
    if (length > 0 && !unpacker_) response_.whole_bytes = static_cast<size_t>(length);
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
  std::string packing_;                       ///< as the answer names it; empty: it is not packed
  std::unique_ptr<Gunzip> unpacker_;          ///< of one that is
  unsigned long crc_ = crc32(0, nullptr, 0);  ///< of what was fed to it
  bool too_large_ = false;
  std::optional<std::stop_callback<Wake>> wake_on_stop_;
};

}  // namespace

std::unique_ptr<CurlExchange> make_whole_exchange(HttpRequest request, HttpDone done, EventLoop& loop,
                                                  const Lifeline& client, CURLM* multi) {
  return std::make_unique<WholeExchange>(std::move(request), std::move(done), loop, client, multi);
}

}  // namespace ctk::net
