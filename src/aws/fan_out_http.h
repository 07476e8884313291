// FanOutApi over HTTP: registering as any call of Kinesis, subscriptions as streams over HTTP/2.
#pragma once

#include <memory>
#include <optional>

#include "aws/credentials.h"
#include "aws/endpoints.h"
#include "aws/fan_out_api.h"
#include "aws/wire_format.h"
#include "base/event_loop.h"
#include "base/metrics.h"
#include "net/http.h"
#include "net/http_stream.h"

namespace ctk::aws {

/// What it stands on; all of it outlives it.
struct FanOutParts {
  CredentialSource& credentials;
  net::HttpClient& calls;
  net::HttpStreamClient& streams;
  Executor& decoder;
  EventLoop& loop;
  Clock& clock;
  Metrics* metrics = nullptr;  ///< where subscriptions are counted as calls
};

/// `format`: as of make_kinesis_http.
std::unique_ptr<FanOutApi> make_fan_out_http(ServiceEndpoint endpoint, FanOutParts parts,
                                             std::optional<WireFormat> format = {});

}  // namespace ctk::aws
