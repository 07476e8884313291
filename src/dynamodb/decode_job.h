// What the files of Decoder share: one record on its way through it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "dynamodb/decode.h"
#include "dynamodb/order.h"

namespace ctk::dynamodb {

/// The first reason why an event cannot be a change; empty while there is none.
class Reason {
 public:
  void note(std::string text) {
    if (text_.empty()) text_ = std::move(text);
  }
  bool empty() const { return text_.empty(); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// One record on its way.
struct Decoder::Job {
  const DecodeOptions& options;
  const RawRecord& raw;  ///< without its data
  Decoded& out;
  std::shared_ptr<Slab> slab;                  ///< that keeps its texts
  std::string_view record = {};                ///< what a dead letter of it would hold
  std::optional<VersionKind> first_kind = {};  ///< of the first change that could be decoded
  std::optional<uint32_t> value = {};          ///< the record is taken apart: which of its values
  uint32_t value_begin = 0;                    ///< index of that value's first change
  std::string_view wrapped = {};               ///< Place::sequence, within such a wrapper
  std::optional<uint32_t> in_aggregate = {};   ///< of one that stands in a wrapper

  uint32_t next_index() const { return static_cast<uint32_t>(out.total()); }
  Place next_place() const {
    const uint32_t before = wrapped.empty() ? raw.value : 0;
    const auto index = raw.in_aggregate ? std::optional(raw.in_aggregate->index) : in_aggregate;
    return {index, before + value.value_or(0), next_index() - value_begin, wrapped};
  }
  json::SharedText shared_record() const { return {slab, record.size(), record}; }
  void refuse(std::string reason) {
    out.undecodable.push_back({next_index(), std::move(reason), {}, {}, {}, shared_record()});
  }
  /// A text that walks may go over and changes point into.
  std::string_view keep(std::string text) const {
    text.reserve(text.size() + json::kPadding);
    return slab->keep(std::move(text));
  }
};

}  // namespace ctk::dynamodb
