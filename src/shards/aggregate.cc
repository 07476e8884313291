#include "shards/aggregate.h"

#include <cstddef>
#include <cstdint>

namespace ctk::shards {
namespace {

constexpr std::string_view kMagic = "\xF3\x89\x9A\xC2";
constexpr size_t kDigest = 16;

/// A message's fields, one after the other.
///   while (fields.next()) if (fields.is_text(3)) …
///   if (fields.failed()) …
class Fields {
 public:
  explicit Fields(std::string_view message) : rest_(message) {}

  bool next();
  /// It ended within a field, or holds what is none.
  bool failed() const { return failed_; }
  bool is_number(uint64_t field) const { return field_ == field && wire_ == kVarint; }
  bool is_text(uint64_t field) const { return field_ == field && wire_ == kLengthDelimited; }
  uint64_t number() const { return number_; }
  std::string_view text() const { return text_; }

 private:
  static constexpr uint64_t kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5;

  bool take_varint(uint64_t& number);
  bool take_text(uint64_t size);
  bool take_value();

  std::string_view rest_;
  uint64_t field_ = 0, wire_ = 0, number_ = 0;
  std::string_view text_;
  bool failed_ = false;
};

bool Fields::next() {
  if (failed_ || rest_.empty()) return false;
  uint64_t tag = 0;
  failed_ = !take_varint(tag);
  field_ = tag >> 3;
  wire_ = tag & 7;
  failed_ = failed_ || field_ == 0 || !take_value();
  return !failed_;
}

bool Fields::take_value() {
  switch (wire_) {
    case kVarint: return take_varint(number_);
    case kFixed64: return take_text(8);
    case kFixed32: return take_text(4);
    case kLengthDelimited: return take_varint(number_) && take_text(number_);
    default: return false;
  }
}

bool Fields::take_varint(uint64_t& number) {
  constexpr unsigned kBits = 64;
  number = 0;
  for (unsigned shift = 0; shift < kBits && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    number |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool Fields::take_text(uint64_t size) {
  if (size > rest_.size()) return false;
  text_ = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

/// A Record before its keys are looked up.
struct Packed {
  std::optional<uint64_t> partition_key, explicit_key;
  std::optional<std::string_view> data;
};

std::optional<Packed> read_record(std::string_view message) {
  Packed record;
  Fields fields(message);
  while (fields.next()) {
    if (fields.is_number(1)) record.partition_key = fields.number();
    if (fields.is_number(2)) record.explicit_key = fields.number();
    if (fields.is_text(3)) record.data = fields.text();
  }
  if (fields.failed() || !record.partition_key || !record.data) return std::nullopt;
  return record;
}

struct Keys {
  std::vector<aws::HashKey> by_partition;
  std::vector<std::optional<aws::HashKey>> explicit_ones;

  std::optional<aws::HashKey> of(const Packed& record) const {
    if (*record.partition_key >= by_partition.size()) return std::nullopt;
    if (!record.explicit_key) return by_partition[*record.partition_key];
    if (*record.explicit_key >= explicit_ones.size()) return std::nullopt;
    return explicit_ones[*record.explicit_key];
  }
};

}  // namespace

std::optional<std::vector<SubRecord>> take_apart(std::string_view record) {
  if (!record.starts_with(kMagic) || record.size() < kMagic.size() + kDigest) return std::nullopt;
  const std::string_view message = record.substr(kMagic.size(), record.size() - kMagic.size() - kDigest);
  if (aws::big_endian(record.substr(record.size() - kDigest)) != aws::hash_of(message)) return std::nullopt;

  Keys keys;
  std::vector<Packed> packed;
  Fields fields(message);
  while (fields.next()) {
    if (fields.is_text(1)) keys.by_partition.push_back(aws::hash_of(fields.text()));
    if (fields.is_text(2)) keys.explicit_ones.push_back(aws::parse_hash_key(fields.text()));
    if (!fields.is_text(3)) continue;
    const std::optional<Packed> one = read_record(fields.text());
    if (!one) return std::nullopt;
    packed.push_back(*one);
  }
  if (fields.failed() || packed.empty()) return std::nullopt;
  std::vector<SubRecord> records;
  records.reserve(packed.size());
  for (const Packed& one : packed) records.push_back({*one.data, keys.of(one)});
  return records;
}

}  // namespace ctk::shards
