// Texts that are to be parsed, one behind the other in one piece of memory.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "json/shared_text.h"

namespace ctk::json {

/// Filled by one thread; what it has given keeps its memory. What finds no room there gets memory of its own.
///   TextBlock block(4096);
///   record.data = block.add(text);
class TextBlock {
 public:
  /// One without room.
  TextBlock() : TextBlock(0) {}
  /// `bytes`: of the texts and a NUL behind each.
  explicit TextBlock(size_t bytes);

  bool has_room(size_t size) const { return memory_->size() + size < most_; }
  SharedText add(std::string_view text);
  /// Of what is no base64, nothing.
  std::optional<SharedText> add_decoded_base64(std::string_view text);

 private:
  SharedText end(size_t begin);

  std::shared_ptr<std::string> memory_ = std::make_shared<std::string>();  ///< which never grows
  size_t most_;
};

}  // namespace ctk::json
