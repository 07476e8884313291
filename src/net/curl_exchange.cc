#include "net/curl_exchange.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace ctk::net {
namespace {

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

/// "host:port" of an address; the address without its user part where it is none.
std::string host_and_port(const std::string& address) {
  const UrlHandle url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, address.c_str(), 0) != CURLUE_OK)
    return address.substr(address.rfind('@') + 1);
  return url_part(url.get(), CURLUPART_HOST, 0) + ":" + url_part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

HeaderList make_headers(const HttpRequest& request) {
  curl_slist* list = nullptr;
  // Without a value libcurl leaves its own header away: no waiting for "100 Continue", no type that nobody gave.
  list = curl_slist_append(list, "Expect:");
  bool has_type = false;
  for (const auto& [name, value] : request.headers) {
    has_type = has_type || (name.size() == 12 && strncasecmp(name.c_str(), "content-type", 12) == 0);
    const std::string line = value.empty() ? name + ";" : fmt::format("{}: {}", name, value);
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

}  // namespace

size_t CurlExchange::on_header(char* data, size_t, size_t size, void* user) {
  CurlExchange& exchange = *static_cast<CurlExchange*>(user);
  const std::string_view line(data, size);
  const size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    exchange.headers_.clear();  // those of a "100 Continue" before
  } else if (colon != std::string_view::npos) {
    exchange.headers_.emplace_back(ascii_lower(trim(line.substr(0, colon))), trim(line.substr(colon + 1)));
  } else if (trim(line).empty() && exchange.status() >= 200) {
    exchange.take_head();
  }
  return size;
}

size_t CurlExchange::on_body(char* data, size_t, size_t size, void* user) {
  return static_cast<CurlExchange*>(user)->take_body({data, size});
}

void CurlExchange::set_up(EasyHandle handle, const CurlOptions& options) {
  easy_ = std::move(handle);
  CURL* easy = easy_.get();
  sent_ = make_headers(request_);
  connect_timeout_ = options.connect_timeout;
  ca_bundle_ = options.ca_bundle;
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);  // a signature covers the path as it is
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, sent_.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, to_ms(options.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail_.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  if (!options.ca_bundle.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_bundle.c_str());
  if (!options.verify_certificates) curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
  if (!options.verify_host) curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  if (request_.direct) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  set_method(easy, request_);
  set_limits(easy);
}

EasyHandle CurlExchange::take_easy() {
  curl_easy_reset(easy_.get());
  return std::move(easy_);
}

int CurlExchange::status() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

std::string CurlExchange::address() const { return host_and_port(request_.url); }

ExchangeFigures CurlExchange::figures() const {
  curl_off_t sent = 0, received = 0, microseconds = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_DOWNLOAD_T, &received);
  curl_easy_getinfo(easy_.get(), CURLINFO_TOTAL_TIME_T, &microseconds);
  return {address(), static_cast<uint64_t>(sent), static_cast<uint64_t>(received), std::chrono::microseconds(microseconds),
          failed_as_};
}

CurlFailure CurlExchange::failure(CURLcode code) const {
  long system_error = 0;
  curl_off_t connect_time = 0;  // none where a connection that was there is used
  long sent = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &system_error);
  curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &connect_time);
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &sent);
  CurlFailure failure;
  failure.code = code;
  failure.detail = detail_.data();
  failure.system_error = static_cast<int>(system_error);
  failure.address = address();
  failure.connected = connect_time > 0 || sent > 0;
  failure.timeout = request_.timeout;
  failure.connect_timeout = connect_timeout_;
  failure.ca_bundle = ca_bundle_;
  return failure;
}

}  // namespace ctk::net
