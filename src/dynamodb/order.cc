#include "dynamodb/order.h"

#include <algorithm>
#include <charconv>

namespace ctk::dynamodb {
namespace {

constexpr size_t kTimeDigits = 17;
constexpr size_t kKinesisSequenceDigits = 60;
constexpr size_t kStreamsSequenceDigits = 40;
constexpr size_t kLineDigits = 20;
constexpr size_t kIndexDigits = 10;

/// Digits in `width` places, with zeros in front; more places where there are more digits.
void append_padded(std::string& out, std::string_view digits, size_t width) {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  size_t begin = out.size();
  size_t zeros = digits.size() < width ? width - digits.size() : 0;
  size_t end = begin + zeros + digits.size();
  out.resize_and_overwrite(end, [&](char* text, size_t) {
    std::fill_n(text + begin, zeros, '0');
    std::copy(digits.begin(), digits.end(), text + begin + zeros);
    return end;
  });
}

void append_padded(std::string& out, uint64_t number, size_t width) {
  char digits[20];
  auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  append_padded(out, std::string_view(digits, static_cast<size_t>(end - digits)), width);
}

/// AWS's numbers have 21 to 40 digits; LocalStack gives those of a Kinesis stream, 56, which are marked to sort behind.
void append_stream_sequence(std::string& out, std::string_view digits) {
  const size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  const bool is_long = digits.size() - zeros > kStreamsSequenceDigits;
  if (is_long) out += ':';
  append_padded(out, digits, is_long ? kKinesisSequenceDigits : kStreamsSequenceDigits);
}

void append_index(std::string& order, char mark, uint32_t index) {
  order += mark;
  append_padded(order, index, kIndexDigits);
}

}  // namespace

bool is_sequence(std::string_view text) {
  return !text.empty() && text.size() <= kKinesisSequenceDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void append_order_text(std::string& order, VersionKind kind, Timestamp time, std::string_view sequence, uint64_t line) {
  order += "1.";
  if (kind == VersionKind::streams || kind == VersionKind::file_sequence) {
    return append_stream_sequence(order, sequence);
  }
  append_padded(order, static_cast<uint64_t>(std::max<int64_t>(to_micros(time), 0)), kTimeDigits);
  order += '.';
  if (kind == VersionKind::kinesis) {
    append_padded(order, sequence, kKinesisSequenceDigits);
  } else {
    append_padded(order, line, kLineDigits);
  }
}

std::string order_text(VersionKind kind, Timestamp time, std::string_view sequence, uint64_t line) {
  std::string order;
  append_order_text(order, kind, time, sequence, line);
  return order;
}

std::string load_order(Timestamp time) {
  std::string order = "0.";
  append_padded(order, static_cast<uint64_t>(std::max<int64_t>(to_micros(time), 0)), kTimeDigits);
  return order;
}

void append_place(std::string& order, const Place& place) {
  if (place.in_aggregate) append_index(order, ':', *place.in_aggregate);
  if (place.value > 0) append_index(order, ':', place.value);
  if (place.change > 0) append_index(order, '.', place.change);
}

}  // namespace ctk::dynamodb
