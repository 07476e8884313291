// Counts the calls that a service was asked for, on their way to it: each of them costs money, whatever becomes of it.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/lifeline.h"
#include "base/metrics.h"
#include "net/http.h"

namespace ctk::aws {

/// An HTTP client that passes everything on, and counts ctk_aws_calls_total by operation ("kinesis:GetRecords") and outcome
/// ("ok", or the kind of the error). Used on the loop; client and registry outlive it.
class CountedCalls final : public net::HttpClient {
 public:
  CountedCalls(net::HttpClient& http, Metrics& metrics) : http_(http), metrics_(metrics) {}
  void send(net::HttpRequest request, net::HttpDone done) override;

 private:
  void count(const std::string& operation, const Result<net::HttpResponse>& answer);

  net::HttpClient& http_;
  Metrics& metrics_;
  std::map<std::pair<std::string, std::string>, Counter*> counters_;  ///< by operation and outcome
  Lifeline lifeline_;
};

/// "kinesis:GetRecords" of "Kinesis_20131202.GetRecords", as a policy would name it; "other" where it names none.
std::string operation_of(std::string_view target);

}  // namespace ctk::aws
