// Aggregates as the Kinesis Producer Library makes them, for tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aws/hash_key.h"

namespace ctk::shards {

inline std::string varint(uint64_t number) {
  std::string out;
  for (; number >= 0x80; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
  out.push_back(static_cast<char>(number));
  return out;
}

inline std::string number_field(unsigned field, uint64_t number) { return varint(field << 3) + varint(number); }
inline std::string text_field(unsigned field, const std::string& text) {
  return varint(field << 3 | 2) + varint(text.size()) + text;
}

inline std::string packed_record(uint64_t key, const std::string& data, std::optional<uint64_t> explicit_key = {}) {
  std::string record = number_field(1, key);
  if (explicit_key) record += number_field(2, *explicit_key);
  return text_field(3, record + text_field(3, data));
}

/// Any bytes between the magic number and their checksum.
inline std::string sealed(const std::string& message) {
  aws::HashKey sum = aws::hash_of(message);
  std::string digest(16, '\0');
  for (size_t i = digest.size(); i-- > 0; sum >>= 8) digest[i] = static_cast<char>(sum & 0xFF);
  return "\xF3\x89\x9A\xC2" + message + digest;
}

/// One record a text, each with a partition key of its own: "key 0", ….
inline std::string aggregate_of(const std::vector<std::string>& data) {
  std::string keys, records;
  for (size_t i = 0; i < data.size(); ++i) {
    keys += text_field(1, "key " + std::to_string(i));
    records += packed_record(i, data[i]);
  }
  return sealed(keys + records);
}

}  // namespace ctk::shards
