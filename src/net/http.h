// HTTP as this program needs it: one request, one answer, on the loop. Implementations: libcurl (curl_client.h), the
// simulation, and fakes in tests.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace ctk::net {

/// Names in lower case where they are an answer's.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// The first header of that name (lower case), or "".
std::string_view find_header(const HttpHeaders& headers, std::string_view name);

struct HttpRequest {
  std::string method = "POST";
  std::string url;  ///< absolute, http or https
  HttpHeaders headers;
  std::string body;
  Duration timeout = std::chrono::seconds(30);  ///< for the whole exchange
  size_t max_answer_bytes = 64u << 20;          ///< a longer answer is cut off and `too_large`
  bool keep_beginning = false;                  ///< instead of `too_large`, the beginning is the answer
  bool direct = false;                          ///< past any proxy
  bool takes_gzip = true;                       ///< the answer may come compressed
  /// Of the answer, in lower case, where the peer sends the CRC-32 of its body as it comes: a whole one that is compressed
  /// is held to it.
  std::string crc32_header = {};
  std::stop_token stop = {};  ///< breaks the exchange off, from any thread: it fails with `stopped`
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;        ///< decompressed; has json::kPadding spare capacity behind it
  bool cut_off = false;    ///< there was more: HttpRequest::keep_beginning
  size_t whole_bytes = 0;  ///< of what was cut off; 0 where nobody says
  size_t came_as = 0;      ///< bytes of the body as they came
  Duration transfer{};     ///< from the first byte of the answer to the last

  std::string_view header(std::string_view name) const { return find_header(headers, name); }
  /// The peer's clock, in whole seconds: its Date header, or nothing where there is none that can be read.
  std::optional<Timestamp> date() const;
};

/// The hint of an Error where a peer has answered in another language than HTTP, or hung up without a word.
inline constexpr std::string_view kSpeaksNoHttp = "does this port speak HTTP?";

using HttpDone = std::move_only_function<void(Result<HttpResponse>)>;

/// `done` is called once, on the loop, never from inside `send`. Any status is an answer; an Error means that there was
/// none (`unreachable`, `too_large`, `stopped`, `refused` for TLS), and that the peer may or may not have done the work.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual void send(HttpRequest request, HttpDone done) = 0;
};

}  // namespace ctk::net
