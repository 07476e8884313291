// Event streams: how AWS sends messages one after another in an answer that goes on (SubscribeToShard). Pure; it knows
// nothing of what they say. Source: Smithy, "Amazon Event Stream Specification".
//
//   EventDecoder decoder;
//   decoder.add(bytes);
//   while (auto message = decoder.next().value()) …   // an error is the stream's end
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace ctk::aws {

struct EventMessage {
  /// Those with text as their value, in order; the specification's other types are read and dropped.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string payload;  ///< has json::kPadding spare capacity behind it

  /// Of the first header of that name, or "".
  std::string_view header(std::string_view name) const;
  bool operator==(const EventMessage&) const = default;
};

/// What the specification allows of one message.
inline constexpr size_t kLongestEvent = (24u << 20) + (128u << 10) + 16;

class EventDecoder {
 public:
  /// A message that claims more than `longest` bytes is `corrupt` as soon as its first twelve bytes are there.
  explicit EventDecoder(size_t longest = kLongestEvent) : longest_(longest) {}

  void add(std::string_view bytes);
  /// The next whole message, or nothing while it is not whole. `corrupt`: lengths that cannot be, or a wrong checksum; it
  /// is given again for ever, since nobody knows where the next message would begin.
  Result<std::optional<EventMessage>> next();
  /// A stream that ends here has been cut within a message.
  bool inside_message() const { return held_.size() > first_; }
  /// Bytes that have come and are no message yet.
  size_t held() const { return held_.size() - first_; }
  /// Memory that it takes for them.
  size_t room() const { return held_.capacity(); }

 private:
  Result<std::optional<EventMessage>> take();

  size_t longest_;
  std::string held_;
  size_t first_ = 0;  ///< of held_: what stands before was given
  std::optional<Error> broken_;
};

/// A message as it is sent, with text headers only: for whoever serves (the simulation, tests). No header's name is longer
/// than 255 bytes, no value than 65,535.
std::string encode_event(const EventMessage& message);

}  // namespace ctk::aws
