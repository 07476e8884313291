// AWS's JSON protocol has two forms: JSON text, and the same members in CBOR. In which of them an endpoint is spoken to.
#pragma once

#include <optional>
#include <string_view>

namespace ctk::aws {

enum class WireFormat { json, cbor };

/// One endpoint's form, for as long as this lives. Where none is given, CBOR is asked for first: AWS knows it, many
/// emulators do not. The first answer that shows an understanding of it decides for CBOR, and the first success of a call
/// that had to be repeated in JSON for JSON.
class FormatChoice {
 public:
  explicit FormatChoice(std::optional<WireFormat> given) : decided_(given) {}

  /// Of the next call.
  WireFormat next() const { return decided_.value_or(WireFormat::cbor); }
  /// Takes note of an answer to a call that was sent as `sent`. True: the endpoint seems not to know CBOR, and has done
  /// nothing; the call is to be sent again in JSON.
  bool wants_json(WireFormat sent, int status, std::string_view body);

 private:
  std::optional<WireFormat> decided_;
};

}  // namespace ctk::aws
