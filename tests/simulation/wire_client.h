// The way of a simulated relay to the simulated services by their wire form: the program's own HTTP clients write and sign
// the requests and read the answers, as in production; only the socket is missing. The session token that they sign with
// expires, and is renewed when the service says so.
#pragma once

#include <memory>

#include "aws/credentials.h"
#include "base/event_loop.h"
#include "net/http.h"
#include "sim/api_call.h"
#include "sim/dynamodb.h"
#include "sim/dynamodb_streams.h"
#include "sim/kinesis.h"
#include "sim/wire.h"

namespace ctk::simulation {

/// Answers in the services' place, with the faults that the settings have.
class WireClient final : public net::HttpClient {
 public:
  /// `token_life`: how long after its issue a session token is taken. `knows_cbor`: Kinesis does, as AWS's does.
  WireClient(sim::Kinesis& kinesis, sim::DynamoDb& dynamodb, sim::DynamoDbStreams& streams, sim::ApiEnvironment environment,
             const sim::ApiSettings& settings, Duration token_life, bool knows_cbor)
      : kinesis_(kinesis),
        dynamodb_(dynamodb),
        streams_(streams),
        environment_(std::move(environment)),
        settings_(settings),
        token_life_(token_life),
        knows_cbor_(knows_cbor) {}

  void send(net::HttpRequest request, net::HttpDone done) override;
  uint64_t scans() const { return scans_; }

 private:
  struct Called;
  net::HttpResponse respond(const Called& called, const net::HttpRequest& request, sim::Fault fault);
  sim::WireAnswer answer(const Called& called, const net::HttpRequest& request, sim::Fault fault);
  sim::WireAnswer answer_kinesis(const Called& called, const net::HttpRequest& request, bool empty_page);
  bool token_expired(const net::HttpRequest& request) const;

  sim::Kinesis& kinesis_;
  sim::DynamoDb& dynamodb_;
  sim::DynamoDbStreams& streams_;
  sim::ApiEnvironment environment_;
  sim::ApiSettings settings_;
  Duration token_life_;
  bool knows_cbor_;
  uint64_t scans_ = 0;
};

/// Credentials whose session token is as old as their last renewal.
std::unique_ptr<aws::CredentialSource> make_renewed_credentials(EventLoop& loop, Clock& clock);

}  // namespace ctk::simulation
