// Kinesis' hash keys: numbers of 128 bits that tell which shard takes a partition key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ctk::aws {

__extension__ using HashKey = unsigned __int128;

inline constexpr HashKey kLargestHashKey = ~HashKey{0};

/// A closed interval [first, last].
struct HashKeyRange {
  HashKey first = 0;
  HashKey last = kLargestHashKey;
  bool contains(HashKey key) const { return first <= key && key <= last; }
  bool operator==(const HashKeyRange&) const = default;
};

/// Decimal, as the API writes hash keys.
std::string to_string(HashKey key);
/// "0" or digits without a leading zero, below 2^128.
std::optional<HashKey> parse_hash_key(std::string_view text);

/// Nothing where it is none.
std::optional<HashKeyRange> read_hash_key_range(std::string_view first, std::string_view last);

/// 16 bytes, the first the highest.
HashKey big_endian(std::string_view bytes);

/// MD5 of the partition key as a big-endian number (Kinesis API Reference, PutRecord).
HashKey hash_of(std::string_view partition_key);

/// `count` ranges of equal size that cover everything, in order: the shards of a new stream.
HashKeyRange nth_range(int index, int count);

}  // namespace ctk::aws
