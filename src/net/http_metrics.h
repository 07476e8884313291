// What the HTTP client counts, by the peer that was asked.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/metrics.h"
#include "base/time.h"

namespace ctk::net {

/// One exchange that is over.
struct ExchangeFigures {
  std::string peer;                             ///< "host:port"
  uint64_t sent_bytes = 0, received_bytes = 0;  ///< of bodies
  Duration took{};
  std::optional<ErrorKind> failed_as;  ///< where there was no answer, or not the whole of it
};

/// ctk_http_requests_total, ctk_http_errors_total (by kind, too), ctk_http_sent_bytes_total, ctk_http_received_bytes_total,
/// ctk_http_request_seconds. Used by one thread; the registry outlives it.
class HttpMetrics {
 public:
  explicit HttpMetrics(Metrics& metrics) : metrics_(metrics) {}
  void ended(const ExchangeFigures& exchange);

 private:
  struct Peer {
    Counter& requests;
    Counter& sent_bytes;
    Counter& received_bytes;
    Histogram& seconds;
  };
  Peer& peer(const std::string& name);

  Metrics& metrics_;
  std::map<std::string, Peer> peers_;
};

}  // namespace ctk::net
