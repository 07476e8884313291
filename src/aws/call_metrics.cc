#include "aws/call_metrics.h"

#include <algorithm>

#include "aws/errors.h"
#include "base/ascii.h"

namespace ctk::aws {
namespace {

constexpr std::string_view kTargetHeader = "x-amz-target";

std::string target_of(const net::HttpRequest& request) {
  const auto header =
      std::ranges::find_if(request.headers, [](const auto& each) { return ascii_lower(each.first) == kTargetHeader; });
  return header == request.headers.end() ? "" : header->second;
}

std::string outcome_of(const Result<net::HttpResponse>& answer) {
  if (!answer) return std::string(to_string(answer.error().kind));
  if (answer->status >= 200 && answer->status < 300) return "ok";
  return std::string(to_string(classify_error_answer(read_error_answer(answer->body), answer->status)));
}

}  // namespace

std::string operation_of(std::string_view target) {
  const size_t dot = target.find('.');
  if (dot == std::string_view::npos || dot + 1 == target.size()) return "other";
  const std::string_view version = target.substr(0, dot);
  const std::string_view service = version.substr(0, version.find('_'));
  const std::string prefix = service.starts_with("DynamoDB") ? "dynamodb" : ascii_lower(service);
  return prefix + ":" + std::string(target.substr(dot + 1));
}

void CountedCalls::send(net::HttpRequest request, net::HttpDone done) {
  std::string operation = operation_of(target_of(request));
  http_.send(std::move(request), lifeline_.guard([this, operation = std::move(operation),
                                                  done = std::move(done)](Result<net::HttpResponse> answer) mutable {
    count(operation, answer);
    done(std::move(answer));
  }));
}

void CountedCalls::count(const std::string& operation, const Result<net::HttpResponse>& answer) {
  std::string outcome = outcome_of(answer);
  Counter*& counter = counters_[{operation, outcome}];
  if (counter == nullptr) {
    counter = &metrics_.counter("ctk_aws_calls_total", "Calls of AWS's services, by what came of them.",
                                {{"operation", operation}, {"outcome", outcome}});
  }
  counter->add();
}

}  // namespace ctk::aws
