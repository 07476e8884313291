#include "aws/hash_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace ctk::aws {

std::string to_string(HashKey key) {
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(key % 10)));
    key /= 10;
  } while (key != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::optional<HashKey> parse_hash_key(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  HashKey key = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    auto digit = static_cast<unsigned>(c - '0');
    if (key > (kLargestHashKey - digit) / 10) return std::nullopt;
    key = key * 10 + digit;
  }
  return key;
}

std::optional<HashKeyRange> read_hash_key_range(std::string_view first, std::string_view last) {
  const std::optional<HashKey> begin = parse_hash_key(first), end = parse_hash_key(last);
  if (!begin || !end || *begin > *end) return std::nullopt;
  return HashKeyRange{*begin, *end};
}

HashKey big_endian(std::string_view bytes) {
  HashKey key = 0;
  for (const char byte : bytes) key = key << 8 | static_cast<unsigned char>(byte);
  return key;
}

HashKey hash_of(std::string_view partition_key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(partition_key.data(), partition_key.size(), digest.data(), &size, EVP_md5(), nullptr);
  return big_endian({reinterpret_cast<const char*>(digest.data()), size});
}

HashKeyRange nth_range(int index, int count) {
  const HashKey step = kLargestHashKey / static_cast<unsigned>(count);
  const HashKey first = step * static_cast<unsigned>(index);
  return {first, index + 1 == count ? kLargestHashKey : first + step - 1};
}

}  // namespace ctk::aws
