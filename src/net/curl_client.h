// The HTTP client of production: libcurl's multi interface on one thread of its own, keep-alive, HTTP/1.1;
// HTTP/2 for streams that ask for it.
#pragma once

#include <memory>
#include <string>

#include "base/event_loop.h"
#include "base/metrics.h"
#include "net/http.h"
#include "net/http_stream.h"

namespace ctk::net {

struct CurlOptions {
  std::string ca_bundle;            ///< a file of certificates (AWS_CA_BUNDLE, SSL_CERT_FILE); empty: the system's
  bool verify_certificates = true;  ///< signed by one that we trust; `sslmode=require` of a CrateDB target turns it off
  bool verify_host = true;          ///< and made out to the host that was asked; `sslmode=verify-ca` turns it off
  int max_connections_per_host = 64;
  Duration connect_timeout = std::chrono::seconds(10);
  std::string user_agent = "ctk";
  Metrics* metrics = nullptr;  ///< what is counted goes there (http_metrics.h); it outlives the client
};

/// Thread-safe `send`, streams are opened on the loop; completions are posted to the loop. Proxies come from the
/// environment (HTTPS_PROXY, NO_PROXY). The destructor aborts what is under way without calling `done`.
class CurlClient final : public HttpClient, public HttpStreamClient {
 public:
  CurlClient(EventLoop& loop, CurlOptions options);
  ~CurlClient() override;
  void send(HttpRequest request, HttpDone done) override;
  std::unique_ptr<HttpStream> open_stream(HttpStreamRequest request, Done<HttpHead> begun) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ctk::net
