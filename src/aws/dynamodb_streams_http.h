// DynamoDbStreamsApi over HTTP and JSON 1.0, signed.
#pragma once

#include <memory>

#include "aws/dynamodb_streams_api.h"
#include "aws/json_caller.h"

namespace ctk::aws {

/// Answers of GetRecords are read on `decoder`.
std::unique_ptr<DynamoDbStreamsApi> make_dynamodb_streams_http(ServiceEndpoint endpoint, CredentialSource& credentials,
                                                               net::HttpClient& http, Executor& decoder, Clock& clock,
                                                               Compression compression = Compression::automatic);

}  // namespace ctk::aws
