// Kinesis speaks CBOR as well as JSON. The simulated one is written in JSON; here its requests and answers change form.
#pragma once

#include <string>
#include <string_view>

#include "sim/service_error.h"

namespace ctk::sim {

/// Whether a Content-Type is that of requests in CBOR.
bool is_cbor(std::string_view content_type);

/// A request in CBOR as JSON; refused as the service would where it is none.
Answer<std::string> request_from_cbor(std::string_view body);

/// An answer, given as JSON, in CBOR: `Data` is bytes, and what is named …Timestamp a time.
std::string answer_in_cbor(std::string_view json);

}  // namespace ctk::sim
