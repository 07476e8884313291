// What stands for a key where the key itself would take too much memory: 64 bits of SipHash under a secret of the run, so
// that nobody can make keys that share them. The secret comes from whoever makes decisions, for these are pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "table/render.h"
#include "verify/sip_hash.h"

namespace ctk::verify {

/// Of a billion keys two share a hash with a probability of 3 %, and then one row too many of one such key would not be
/// found.
class KeyHash {
 public:
  using Secret = HashSecret;
  explicit KeyHash(const Secret& secret) : secret_(secret) {}

  /// Of all texts, each with its length.
  uint64_t operator()(const std::vector<std::string>& texts) const;
  /// The same of their texts.
  uint64_t of_cells(const std::vector<table::KeyCell>& cells) const;

 private:
  Secret secret_;
};

/// Whether a key belongs to a sample of this share (0 … 1) of all: the same ones in every run.
bool is_sampled(const std::vector<std::string>& key, double share);

}  // namespace ctk::verify
