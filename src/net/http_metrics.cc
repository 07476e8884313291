#include "net/http_metrics.h"

#include <vector>

namespace ctk::net {
namespace {

/// From the next machine to a stream that is read for minutes.
const std::vector<double> kSeconds = {0.005, 0.02, 0.1, 0.5, 2, 10, 60};

}  // namespace

HttpMetrics::Peer& HttpMetrics::peer(const std::string& name) {
  const auto known = peers_.find(name);
  if (known != peers_.end()) return known->second;
  const Labels labels{{"peer", name}};
  return peers_
      .emplace(name, Peer{metrics_.counter("ctk_http_requests_total", "HTTP requests that are over.", labels),
                          metrics_.counter("ctk_http_sent_bytes_total", "Bytes of request bodies sent.", labels),
                          metrics_.counter("ctk_http_received_bytes_total", "Bytes of answers' bodies, as sent.", labels),
                          metrics_.histogram("ctk_http_request_seconds", "From a request to the end of its answer.",
                                             kSeconds, labels)})
      .first->second;
}

void HttpMetrics::ended(const ExchangeFigures& exchange) {
  Peer& its = peer(exchange.peer);
  its.requests.add();
  its.sent_bytes.add(exchange.sent_bytes);
  its.received_bytes.add(exchange.received_bytes);
  its.seconds.observe(to_seconds(exchange.took));
  if (!exchange.failed_as) return;
  metrics_
      .counter("ctk_http_errors_total", "HTTP requests without a whole answer, by what was wrong.",
               {{"peer", exchange.peer}, {"kind", to_string(*exchange.failed_as)}})
      .add();
}

}  // namespace ctk::net
