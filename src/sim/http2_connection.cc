#include "sim/http2_connection.h"

#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace ctk::sim {
namespace {

/// So often feeds are asked for more: what is pushed comes as much later at most.
constexpr int kFeedPauseMs = 2;
/// Of an answer that the client does not take: its feed is not asked for more.
constexpr size_t kMostUntaken = 256u << 10;
constexpr uint32_t kMostStreams = 100;

template <auto Free>
struct FreeNghttp2 {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using SessionHandle = std::unique_ptr<nghttp2_session, FreeNghttp2<nghttp2_session_del>>;
using CallbacksHandle = std::unique_ptr<nghttp2_session_callbacks, FreeNghttp2<nghttp2_session_callbacks_del>>;

struct Http2Stream {
  Http2Request request;
  std::string out;  ///< said and not sent
  std::unique_ptr<Http2Feed> feed;
  Http2Feed::Then then = Http2Feed::Then::ends;  ///< behind `out`
};

class Http2Connection {
 public:
  Http2Connection(int socket, int stop_bell, const Http2Answerer& answer)
      : socket_(socket), stop_bell_(stop_bell), answer_(answer) {
    nghttp2_session_callbacks* made = nullptr;
    nghttp2_session_callbacks_new(&made);
    const CallbacksHandle callbacks(made);
    nghttp2_session_callbacks_set_on_header_callback(made, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, on_close);
    nghttp2_session* session = nullptr;
    nghttp2_session_server_new(&session, made, this);
    session_.reset(session);
    const std::array settings{nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMostStreams}};
    nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  }

  void serve(const std::function<bool()>& is_killed) {
    while (!is_killed()) {
      ask_feeds();
      if (!flush()) return;
      if (nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0) return;
      const bool feeds = std::ranges::any_of(streams_, [](const auto& each) { return each.second.feed != nullptr; });
      constexpr int kLookMs = 50;
      pollfd ends[] = {{socket_, POLLIN, 0}, {stop_bell_, POLLIN, 0}};
      ::poll(ends, 2, feeds ? kFeedPauseMs : kLookMs);
      if ((ends[1].revents & POLLIN) != 0) return;
      if (ends[0].revents != 0 && !receive()) return;
    }
  }

 private:
  static Http2Connection& of(void* user) { return *static_cast<Http2Connection*>(user); }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                       const uint8_t* value, size_t value_size, uint8_t, void* user) {
    of(user).streams_[frame->hd.stream_id].request.headers.emplace_back(
        std::string(reinterpret_cast<const char*>(name), name_size),
        std::string(reinterpret_cast<const char*>(value), value_size));
    return 0;
  }

  static int on_data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* bytes, size_t size, void* user) {
    of(user).streams_[id].request.body.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    const bool of_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (of_request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) of(user).respond(frame->hd.stream_id);
    return 0;
  }

  static int on_close(nghttp2_session*, int32_t id, uint32_t, void* user) {
    of(user).streams_.erase(id);
    return 0;
  }

  static ssize_t on_read(nghttp2_session*, int32_t, uint8_t* to, size_t size, uint32_t* flags, nghttp2_data_source* source,
                         void*) {
    Http2Stream& stream = *static_cast<Http2Stream*>(source->ptr);
    const size_t taken = std::min(size, stream.out.size());
    std::copy_n(stream.out.begin(), taken, to);
    stream.out.erase(0, taken);
    if (!stream.out.empty() || (taken > 0 && stream.then != Http2Feed::Then::ends)) return static_cast<ssize_t>(taken);
    if (stream.then == Http2Feed::Then::goes_on) return NGHTTP2_ERR_DEFERRED;
    if (stream.then == Http2Feed::Then::breaks_off) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(taken);
  }

  void respond(int32_t id) {
    Http2Stream& stream = streams_[id];
    Http2Answer answer = answer_(stream.request);
    if (answer.hangs_up) {
      nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_INTERNAL_ERROR);
      return;
    }
    stream.out = std::move(answer.body);
    stream.feed = std::move(answer.feed);
    stream.then = stream.feed ? Http2Feed::Then::goes_on : Http2Feed::Then::ends;
    net::HttpHeaders headers = std::move(answer.headers);
    headers.insert(headers.begin(), {":status", std::to_string(answer.status)});
    std::vector<nghttp2_nv> fields;
    for (auto& [name, value] : headers) {
      fields.push_back({reinterpret_cast<uint8_t*>(name.data()), reinterpret_cast<uint8_t*>(value.data()), name.size(),
                        value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    nghttp2_data_provider body{};
    body.source.ptr = &stream;  // a node of the map: it stays where it is
    body.read_callback = on_read;
    nghttp2_submit_response(session_.get(), id, fields.data(), fields.size(), &body);
  }

  void ask_feeds() {
    for (auto& [id, stream] : streams_) {
      if (!stream.feed || stream.then != Http2Feed::Then::goes_on || stream.out.size() > kMostUntaken) continue;
      Http2Feed::Step step = stream.feed->next();
      if (step.bytes.empty() && step.then == Http2Feed::Then::goes_on) continue;
      stream.out += step.bytes;
      stream.then = step.then;
      nghttp2_session_resume_data(session_.get(), id);
    }
  }

  /// False where nobody takes it any more.
  bool flush() {
    const uint8_t* bytes = nullptr;
    ssize_t size = 0;
    while ((size = nghttp2_session_mem_send(session_.get(), &bytes)) > 0) {
      std::string_view left(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
      while (!left.empty()) {
        const ssize_t sent = ::send(socket_, left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) left.remove_prefix(static_cast<size_t>(sent));
        if (sent <= 0 && !await_room()) return false;
      }
    }
    return size == 0;
  }

  bool await_room() const {
    pollfd ends[] = {{socket_, POLLOUT, 0}, {stop_bell_, POLLIN, 0}};
    constexpr int kPatienceMs = 60'000;
    return ::poll(ends, 2, kPatienceMs) > 0 && (ends[0].revents & (POLLERR | POLLHUP)) == 0 && ends[1].revents == 0;
  }

  bool receive() {
    std::array<uint8_t, 16384> bytes;
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    return nghttp2_session_mem_recv(session_.get(), bytes.data(), static_cast<size_t>(got)) == got;
  }

  const int socket_;
  const int stop_bell_;
  const Http2Answerer& answer_;
  std::map<int32_t, Http2Stream> streams_;
  SessionHandle session_;  // last: its end closes streams
};

}  // namespace

void serve_http2(int socket, int stop_bell, const Http2Answerer& answer, const std::function<bool()>& is_killed) {
  Http2Connection(socket, stop_bell, answer).serve(is_killed);
}

}  // namespace ctk::sim
