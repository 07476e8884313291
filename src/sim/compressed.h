// An answer in gzip, with its checksum, as DynamoDB and DynamoDB Streams give it to whoever accepts it.
#pragma once

#include <string>

#include "net/http_server.h"

namespace ctk::sim {

/// Short ones stay as they are. Source: what the services were seen to do; `x-amz-crc32` is of the body as it is sent.
void compress(net::ServedAnswer& answer);

}  // namespace ctk::sim
