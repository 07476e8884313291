// KinesisApi over HTTP, in CBOR or JSON 1.1, signed.
#pragma once

#include <memory>
#include <optional>

#include "aws/json_caller.h"
#include "aws/kinesis_api.h"
#include "aws/wire_format.h"

namespace ctk::aws {

/// A stream may be named by name or ARN; an ARN goes out as StreamARN. Answers of GetRecords are parsed on `decoder`.
/// `format`: of all calls; if none is given, CBOR, and JSON where the endpoint does not know it (FormatChoice).
std::unique_ptr<KinesisApi> make_kinesis_http(ServiceEndpoint endpoint, CredentialSource& credentials,
                                              net::HttpClient& http, Executor& decoder, Clock& clock,
                                              std::optional<WireFormat> format = {});

}  // namespace ctk::aws
