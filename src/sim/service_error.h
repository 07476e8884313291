// How a simulated service says no. The room `sim` holds simulated services as state machines: time and
// randomness are parameters, nothing in them waits or opens a socket. It must not know the engine.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace ctk::sim {

/// An error answer in the service's own words: the code of `__type`, the text of `message`, and the HTTP status.
struct ServiceError {
  std::string code;
  std::string message;
  int status = 400;
  /// The item for which a condition did not hold, where the call asked to be shown it: DynamoDB JSON.
  std::string item = {};
  bool operator==(const ServiceError&) const = default;
};

template <class T>
using Answer = std::expected<T, ServiceError>;

inline std::unexpected<ServiceError> refuse(std::string code, std::string message, int status = 400) {
  return std::unexpected<ServiceError>(ServiceError{std::move(code), std::move(message), status, {}});
}

template <class T>
std::unexpected<ServiceError> forward_refusal(Answer<T>&& answer) {
  return std::unexpected<ServiceError>(std::move(answer).error());
}

}  // namespace ctk::sim
