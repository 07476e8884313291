// One request and its answer on libcurl, as the client's thread sees it. What becomes of the answer is its kinds' own:
// kept whole (curl_whole.h), or handed on as it comes (curl_stream.h).
#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/time.h"
#include "net/curl_client.h"
#include "net/curl_errors.h"
#include "net/http.h"
#include "net/http_metrics.h"

namespace ctk::net {

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

/// Everything happens on the client's thread, the constructor aside.
class CurlExchange {
 public:
  explicit CurlExchange(HttpRequest request) : request_(std::move(request)) {}
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;
  virtual ~CurlExchange() = default;

  void set_up(EasyHandle easy, const CurlOptions& options);
  CURL* easy() const { return easy_.get(); }
  /// The handle, to be used again.
  EasyHandle take_easy();

  /// What it does between two events, `now` by a clock that only goes forward. False: it is over, and has been told.
  virtual bool attend(Duration now) = 0;
  /// In so long it wants to be attended again, whatever happens. Duration::max(): it does not.
  virtual Duration next_attention(Duration now) const = 0;
  /// libcurl is done with it.
  virtual void finish(CURLcode code) = 0;
  /// It shares its connection with no other, at any time.
  virtual bool has_its_own_connection() const { return false; }
  /// What is to be counted of it, once it is over.
  ExchangeFigures figures() const;

 protected:
  /// The status and all headers are there.
  virtual void take_head() {}
  /// How many of the bytes it has taken, or CURL_WRITEFUNC_PAUSE; fewer than all break it off.
  virtual size_t take_body(std::string_view bytes) = 0;
  virtual void set_limits(CURL* easy) const = 0;

  const HttpRequest& request() const { return request_; }
  HttpHeaders& headers() { return headers_; }
  const HttpHeaders& headers() const { return headers_; }
  int status() const;
  /// "host:port", for messages.
  std::string address() const;
  CurlFailure failure(CURLcode code) const;
  /// It ends without a whole answer.
  void note_failure(ErrorKind kind) { failed_as_ = kind; }

 private:
  static size_t on_header(char* data, size_t, size_t size, void* user);
  static size_t on_body(char* data, size_t, size_t size, void* user);

  HttpRequest request_;
  EasyHandle easy_;
  HeaderList sent_;
  HttpHeaders headers_;
  std::array<char, CURL_ERROR_SIZE> detail_{};
  Duration connect_timeout_{};
  std::string ca_bundle_;
  std::optional<ErrorKind> failed_as_;
};

}  // namespace ctk::net
