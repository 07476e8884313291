// Fuzzes the framing of event streams: whatever comes, however it is cut, every message found is written back as it was
// read, and what is no message is refused in words.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "aws/event_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ctk::aws;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t piece = data[0] + 1u;
  EventDecoder decoder(1u << 20);
  for (size_t at = 0; at < bytes.size(); at += piece) {
    decoder.add(bytes.substr(at, piece));
    while (true) {
      const auto message = decoder.next();
      if (!message && message.error().message.empty()) std::abort();
      if (!message || !*message) break;
      EventDecoder again;
      again.add(encode_event(**message));
      if (again.next().value() != *message || again.inside_message()) std::abort();
    }
  }
  return 0;
}
