// AWS JSON over HTTP, what all simulated services have in common: answers as status and body, errors in the services' form,
// and members of a request by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "json/reader.h"
#include "json/writer.h"
#include "sim/service_error.h"

namespace ctk::sim {

/// An HTTP answer of a service that speaks AWS JSON.
struct WireAnswer {
  int status = 200;
  std::string body;
};

/// `{"__type": prefix + code, "message": message}` with the error's status, and "Item" where it has one.
WireAnswer to_wire(const ServiceError& refusal, std::string_view prefix = {});

/// "1 validation error detected: …", the services' word for a member that is missing or wrong.
std::unexpected<ServiceError> bad_input(const std::string& message);

/// A request's body.
class WireInput {
 public:
  explicit WireInput(json::Element body) : body_(body) {}

  std::optional<json::Element> member(std::string_view name) const { return json::member(body_, name); }
  /// Empty where it is missing.
  std::string text(std::string_view name) const;
  std::optional<std::string> optional_text(std::string_view name) const;
  int64_t number(std::string_view name, int64_t otherwise) const;
  bool truth(std::string_view name) const { return json::bool_member(body_, name).value_or(false); }
  /// Whether a member is there that is an object; nothing else counts.
  std::optional<WireInput> object(std::string_view name) const;
  json::Element body() const { return body_; }

 private:
  json::Element body_;
};

/// Seconds since 1970 with milliseconds, as the services write times.
void write_time(json::Writer& writer, std::string_view name, Timestamp time);
void write_text(json::Writer& writer, std::string_view name, std::string_view text);
void write_number(json::Writer& writer, std::string_view name, int64_t number);

}  // namespace ctk::sim
