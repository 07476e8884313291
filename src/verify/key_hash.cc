#include "verify/key_hash.h"

namespace ctk::verify {
namespace {

/// Finalizer of SplitMix64: every bit of the input moves every bit of the output.
uint64_t mixed(uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
  return bits ^ (bits >> 31);
}

}  // namespace

uint64_t KeyHash::operator()(const std::vector<std::string>& texts) const {
  SipHash hash(secret_);
  for (const std::string& text : texts) hash.add(text);
  return hash.finish();
}

uint64_t KeyHash::of_cells(const std::vector<table::KeyCell>& cells) const {
  SipHash hash(secret_);
  for (const table::KeyCell& cell : cells) hash.add(cell.text);
  return hash.finish();
}

bool is_sampled(const std::vector<std::string>& key, double share) {
  if (share >= 1) return true;
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const std::string& text : key) {
    // FNV-1a; the length keeps ("ab", "c") and ("a", "bc") apart.
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    hash = mixed(hash ^ text.size());
  }
  return static_cast<double>(mixed(hash) >> 32) < share * 0x1p32;
}

}  // namespace ctk::verify
