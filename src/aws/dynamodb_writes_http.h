// DynamoDbWritesApi over HTTP and JSON 1.0, signed.
#pragma once

#include <memory>

#include "aws/dynamodb_writes_api.h"
#include "aws/json_caller.h"

namespace ctk::aws {

std::unique_ptr<DynamoDbWritesApi> make_dynamodb_writes_http(ServiceEndpoint endpoint, CredentialSource& credentials,
                                                             net::HttpClient& http, Executor& decoder, Clock& clock);

}  // namespace ctk::aws
