#include "aws/wire_format.h"

#include "cbor/cbor_reader.h"

namespace ctk::aws {
namespace {

/// Said by whoever stands before a service, or of the moment: nothing of the language.
bool is_passing(int status) { return status == 429 || (status >= 502 && status <= 504); }

}  // namespace

bool FormatChoice::wants_json(WireFormat sent, int status, std::string_view body) {
  const bool success = status >= 200 && status < 300;
  const bool understood = success || (sent == WireFormat::cbor && cbor::begins_map(body));
  if (understood && !decided_) decided_ = sent;
  return sent == WireFormat::cbor && !understood && decided_ != WireFormat::cbor && !is_passing(status);
}

}  // namespace ctk::aws
