// DynamoDbApi over HTTP and JSON 1.0, signed.
#pragma once

#include <memory>

#include "aws/dynamodb_api.h"
#include "aws/json_caller.h"

namespace ctk::aws {

/// Answers of Scan are read on `decoder`.
std::unique_ptr<DynamoDbApi> make_dynamodb_http(ServiceEndpoint endpoint, CredentialSource& credentials,
                                                net::HttpClient& http, Executor& decoder, Clock& clock,
                                                Compression compression = Compression::automatic);

}  // namespace ctk::aws
