#include "sim/hash_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace ctk::sim {

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

HashKey hash_of(std::string_view partition_key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(partition_key.data(), partition_key.size(), digest.data(), &size, EVP_md5(), nullptr);
  HashKey key = 0;
  for (unsigned i = 0; i < size; ++i) key = key << 8 | digest[i];
  return key;
}

HashKeyRange nth_range(int index, int count) {
  const HashKey step = kLargestHashKey / static_cast<unsigned>(count);
  const HashKey first = step * static_cast<unsigned>(index);
  return {first, index + 1 == count ? kLargestHashKey : first + step - 1};
}

}  // namespace ctk::sim
