//   message  := total:u32 headers:u32 crc:u32 header* payload crc:u32       total counts all of it, headers its headers
//   header   := length:u8 name type:u8 value
//   value    := type 0, 1: nothing | 2: 1 byte | 3: 2 | 4: 4 | 5, 8: 8 | 9: 16 | 6, 7: length:u16 bytes (7 is text)
//
// Numbers are big-endian. The first checksum covers the eight bytes before it, the second everything before it: CRC-32 as
// in gzip.
#include "aws/event_stream.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cstdint>

#include "json/reader.h"

namespace ctk::aws {
namespace {

constexpr size_t kPrelude = 12;
constexpr size_t kChecksum = 4;
constexpr uint8_t kTextHeader = 7;

uint32_t number_at(std::string_view bytes, size_t at, size_t width = 4) {
  uint32_t number = 0;
  for (size_t i = 0; i < width; ++i) number = number << 8 | static_cast<uint8_t>(bytes[at + i]);
  return number;
}

void append_number(std::string& out, size_t number, size_t width) {
  for (size_t i = width; i-- > 0;) out.push_back(static_cast<char>(number >> (8 * i) & 0xff));
}

uint32_t checksum_of(std::string_view bytes) {
  return static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

std::unexpected<Error> broken_event(std::string_view what) {
  return fail(ErrorKind::corrupt, fmt::format("the event stream is broken: {}", what));
}

/// The headers' bytes, from the front.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  std::optional<std::string_view> take(size_t size) {
    if (size > rest_.size()) return std::nullopt;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  /// Behind its own length of `width` bytes.
  std::optional<std::string_view> take_counted(size_t width) {
    const auto length = take(width);
    return length ? take(number_at(*length, 0, width)) : std::nullopt;
  }

 private:
  std::string_view rest_;
};

/// Of a header of that type; nothing where there is no such type, or too few bytes.
std::optional<std::string_view> take_value(HeaderReader& in, uint8_t type) {
  constexpr std::array<size_t, 10> kSizes = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16};
  if (type >= kSizes.size()) return std::nullopt;
  const bool counted = type == 6 || type == kTextHeader;
  return counted ? in.take_counted(2) : in.take(kSizes[type]);
}

bool read_event_headers(std::string_view bytes, EventMessage& message) {
  HeaderReader in(bytes);
  while (!in.at_end()) {
    const auto name = in.take_counted(1);
    const auto type = name ? in.take(1) : std::nullopt;
    if (!type || name->empty()) return false;
    const auto value = take_value(in, static_cast<uint8_t>(type->front()));
    if (!value) return false;
    if (static_cast<uint8_t>(type->front()) == kTextHeader) message.headers.emplace_back(*name, *value);
  }
  return true;
}

}  // namespace

std::string_view EventMessage::header(std::string_view name) const {
  for (const auto& [found, value] : headers) {
    if (found == name) return value;
  }
  return {};
}

void EventDecoder::add(std::string_view bytes) {
  if (broken_) return;
  held_.erase(0, std::exchange(first_, 0));
  held_.append(bytes);
}

Result<std::optional<EventMessage>> EventDecoder::next() {
  if (broken_) return std::unexpected(*broken_);
  auto message = take();
  if (!message) {
    broken_ = message.error();
    held_.clear();
    first_ = 0;
  }
  return message;
}

Result<std::optional<EventMessage>> EventDecoder::take() {
  const std::string_view bytes = std::string_view(held_).substr(first_);
  if (bytes.size() < kPrelude) return std::nullopt;
  if (number_at(bytes, 8) != checksum_of(bytes.substr(0, 8))) return broken_event("wrong checksum of a message's lengths");
  const size_t total = number_at(bytes, 0), headers = number_at(bytes, 4);
  if (total > longest_) return broken_event(fmt::format("a message of {} bytes, the longest is {}", total, longest_));
  if (total < kPrelude + kChecksum || headers > total - kPrelude - kChecksum) {
    return broken_event(fmt::format("a message of {} bytes with headers of {}", total, headers));
  }
  if (bytes.size() < total) return std::nullopt;
  const size_t end = total - kChecksum;
  if (number_at(bytes, end) != checksum_of(bytes.substr(0, end))) return broken_event("wrong checksum of a message");
  EventMessage message;
  if (!read_event_headers(bytes.substr(kPrelude, headers), message)) return broken_event("a header that cannot be read");
  const std::string_view payload = bytes.substr(kPrelude + headers, end - kPrelude - headers);
  message.payload.reserve(payload.size() + json::kPadding);
  message.payload = payload;
  first_ += total;
  // A thousand subscriptions would each keep room for the largest event that they have seen.
  if (first_ == held_.size()) {
    std::string().swap(held_);  // an assignment would keep its room
    first_ = 0;
  }
  return message;
}

std::string encode_event(const EventMessage& message) {
  std::string headers;
  for (const auto& [name, value] : message.headers) {
    append_number(headers, name.size(), 1);
    headers += name;
    append_number(headers, kTextHeader, 1);
    append_number(headers, value.size(), 2);
    headers += value;
  }
  std::string out;
  append_number(out, kPrelude + headers.size() + message.payload.size() + kChecksum, 4);
  append_number(out, headers.size(), 4);
  append_number(out, checksum_of(out), 4);
  out += headers;
  out += message.payload;
  append_number(out, checksum_of(out), 4);
  return out;
}

}  // namespace ctk::aws
