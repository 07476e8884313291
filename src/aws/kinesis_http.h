// KinesisApi over HTTP and JSON 1.1, signed.
#pragma once

#include <memory>

#include "aws/json_caller.h"
#include "aws/kinesis_api.h"

namespace ctk::aws {

/// A stream may be named by name or ARN; an ARN goes out as StreamARN. Answers of GetRecords are parsed on `decoder`.
std::unique_ptr<KinesisApi> make_kinesis_http(ServiceEndpoint endpoint, CredentialSource& credentials,
                                              net::HttpClient& http, Executor& decoder, Clock& clock);

}  // namespace ctk::aws
