// What stands for a row's content: 32 bits of SipHash under a secret of the run. Contents that are the same to a comparison
// may have different ones, and are looked at then; that two which differ share one happens by a chance of 2^-32.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/token_walk.h"
#include "table/target.h"
#include "verify/sip_hash.h"

namespace ctk::verify {

/// Of `data` and `aux`. Where a target gives texts back as they were written they are taken as they are, elsewhere value by
/// value: members in any order, numbers in any spelling. One a thread.
class ContentHash {
 public:
  ContentHash(const HashSecret& secret, table::DataColumn column)
      : secret_(secret), as_written_(column == table::DataColumn::text) {}

  /// Nothing where one of them is no JSON object.
  std::optional<uint32_t> operator()(std::optional<std::string_view> data, std::optional<std::string_view> aux);

 private:
  bool add(SipHash& hash, std::optional<std::string_view> text);
  bool add_document(SipHash& hash, std::string_view text);
  bool add_value(SipHash& hash);
  bool add_scalar(SipHash& hash);
  bool add_members(SipHash& hash);

  HashSecret secret_;
  bool as_written_;
  json::Walk walk_;
  std::string text_, plain_;  ///< what is walked over, and its texts where they are written otherwise than they are read
};

}  // namespace ctk::verify
