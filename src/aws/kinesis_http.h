// KinesisApi over HTTP and JSON 1.1, signed.
#pragma once

#include <memory>
#include <string>

#include "aws/credentials.h"
#include "aws/kinesis.h"
#include "base/event_loop.h"
#include "net/http.h"

namespace ctk::aws {

struct ServiceEndpoint {
  std::string url;  ///< "https://kinesis.eu-central-1.amazonaws.com" or "http://localhost:4566"
  std::string region;
};

/// A stream may be named by name or ARN; an ARN goes out as StreamARN. Answers of GetRecords are parsed on `decoder`.
std::unique_ptr<KinesisApi> make_kinesis_http(ServiceEndpoint endpoint, CredentialsSource& credentials,
                                              net::HttpClient& http, Executor& decoder, Clock& clock);

}  // namespace ctk::aws
