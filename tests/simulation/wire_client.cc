#include "simulation/wire_client.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "json/reader.h"
#include "sim/cbor_form.h"
#include "sim/dynamodb_json.h"
#include "sim/kinesis_json.h"

namespace ctk::simulation {
namespace {

constexpr std::array kTargets{
    std::pair{sim::ServiceName::kinesis, std::string_view("Kinesis_20131202.")},
    std::pair{sim::ServiceName::dynamodb, std::string_view("DynamoDB_20120810.")},
    std::pair{sim::ServiceName::streams, std::string_view("DynamoDBStreams_20120810.")},
};

std::string_view header_of(const net::HttpRequest& request, std::string_view name) {
  const auto found = std::ranges::find_if(request.headers, [&](const auto& header) {
    return std::ranges::equal(header.first, name, [](char left, char right) { return (left | 32) == (right | 32); });
  });
  return found == request.headers.end() ? std::string_view() : std::string_view(found->second);
}

class RenewedCredentials final : public aws::CredentialSource {
 public:
  RenewedCredentials(EventLoop& loop, Clock& clock) : loop_(loop), clock_(clock) { renew(); }
  void get(Done<aws::Credentials> done) override {
    loop_.post([done = std::move(done), credentials = credentials_]() mutable { done(std::move(credentials)); });
  }
  void refused(const aws::Credentials& credentials) override {
    if (credentials == credentials_) renew();
  }

 private:
  void renew() {
    credentials_ = {aws::AccessKeyId("AKIDSIMULATED"), Secret("simulated"), Secret(std::to_string(to_micros(clock_.now()))),
                    "simulation"};
  }

  EventLoop& loop_;
  Clock& clock_;
  aws::Credentials credentials_;
};

}  // namespace

/// The service that a request is for, and the action.
struct WireClient::Called {
  sim::ServiceName service = sim::ServiceName::kinesis;
  std::string action;

  explicit Called(std::string_view header) {
    for (const auto& [name, prefix] : kTargets) {
      if (!header.starts_with(prefix)) continue;
      service = name;
      action = header.substr(prefix.size());
    }
  }
  sim::CallKind kind() const {
    if (action == "GetRecords") return sim::CallKind::get_records;
    const bool races = service == sim::ServiceName::streams && action == "DescribeStream";
    return races ? sim::CallKind::describe_stream : sim::CallKind::other;
  }
  sim::WireAnswer refusal(const sim::ServiceError& error) const {
    return service == sim::ServiceName::kinesis ? sim::to_wire(error) : sim::dynamodb_error(error);
  }
};

bool WireClient::token_expired(const net::HttpRequest& request) const {
  const std::string token(header_of(request, "X-Amz-Security-Token"));
  return token.empty() || environment_.clock.now() - from_micros(std::stoll(token)) > token_life_;
}

sim::WireAnswer WireClient::answer_kinesis(const Called& called, const net::HttpRequest& request, bool empty_page) {
  const Timestamp now = environment_.clock.now();
  if (!sim::is_cbor(header_of(request, "Content-Type")) || !knows_cbor_) {
    return sim::answer_kinesis(kinesis_, called.action, request.body, now, empty_page);
  }
  const sim::Answer<std::string> body = sim::request_from_cbor(request.body);
  if (!body) return called.refusal(body.error());
  return sim::answer_kinesis(kinesis_, called.action, *body, now, empty_page);
}

sim::WireAnswer WireClient::answer(const Called& called, const net::HttpRequest& request, sim::Fault fault) {
  const Timestamp now = environment_.clock.now();
  const bool empty_page = fault == sim::Fault::empty_page;
  if (token_expired(request)) {
    if (environment_.on_fault) environment_.on_fault("credentials", "expired");
    return called.refusal({"ExpiredTokenException", "The security token included in the request is expired", 400});
  }
  if (sim::is_refusal(fault)) return called.refusal(sim::injected(fault, called.service));
  if (called.service == sim::ServiceName::kinesis) return answer_kinesis(called, request, empty_page);
  if (called.service == sim::ServiceName::streams) {
    return sim::answer_streams(streams_, called.action, request.body, now, empty_page, sim::listing_fault(fault));
  }
  return sim::answer_dynamodb(dynamodb_, called.action, request.body, now);
}

net::HttpResponse WireClient::respond(const Called& called, const net::HttpRequest& request, sim::Fault fault) {
  sim::WireAnswer answered = answer(called, request, fault);
  const bool in_cbor = knows_cbor_ && sim::is_cbor(header_of(request, "Content-Type"));
  if (in_cbor) answered.body = sim::answer_in_cbor(answered.body);
  net::HttpResponse response;
  response.status = answered.status;
  const auto second = std::chrono::floor<std::chrono::seconds>(environment_.clock.now());
  response.headers.emplace_back("date", fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", second));
  response.body.reserve(answered.body.size() + json::kPadding);
  response.body = answered.body;
  return response;
}

void WireClient::send(net::HttpRequest request, net::HttpDone done) {
  const Called called(header_of(request, "X-Amz-Target"));
  if (called.action == "Scan") ++scans_;
  const sim::Fate fate = sim::draw_fate(settings_.faults, called.kind(), environment_.random);
  if (environment_.on_fault) {
    if (fate.fault != sim::Fault::none) environment_.on_fault(called.action, sim::to_string(fate.fault));
    if (fate.delay > Duration{}) environment_.on_fault(called.action, "slow");
  }
  EventLoop& caller = *environment_.caller;
  const auto lose = [&caller](Duration after, net::HttpDone answered) {
    caller.after(
        after, [answered = std::move(answered)]() mutable { answered(fail(ErrorKind::unreachable, "connection reset")); });
  };
  if (fate.fault == sim::Fault::lost_request) return lose(settings_.timeout, std::move(done));
  environment_.loop.after(
      settings_.way, [this, called, fate, lose, &caller, request = std::move(request), done = std::move(done)]() mutable {
        net::HttpResponse response = respond(called, request, fate.fault);
        if (fate.fault == sim::Fault::lost_answer) return lose(settings_.timeout, std::move(done));
        const bool too_large = response.body.size() > request.max_answer_bytes;
        Result<net::HttpResponse> result = std::move(response);
        if (too_large && request.keep_beginning) {
          result->body.resize(request.max_answer_bytes);
          result->cut_off = true;
        } else if (too_large) {
          result = fail(ErrorKind::too_large, "the answer is too large");
        }
        caller.after(settings_.way + fate.delay,
                     [result = std::move(result), done = std::move(done)]() mutable { done(std::move(result)); });
      });
}

std::unique_ptr<aws::CredentialSource> make_renewed_credentials(EventLoop& loop, Clock& clock) {
  return std::make_unique<RenewedCredentials>(loop, clock);
}

}  // namespace ctk::simulation
