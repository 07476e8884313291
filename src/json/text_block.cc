#include "json/text_block.h"

#include "json/padding.h"
#include "json/reader.h"

namespace ctk::json {

TextBlock::TextBlock(size_t bytes) : most_(bytes) {
  if (bytes > 0) memory_->reserve(bytes + kPadding);
}

SharedText TextBlock::add(std::string_view text) {
  if (!has_room(text.size())) return SharedText(text);
  const size_t begin = memory_->size();
  memory_->append(text);
  return end(begin);
}

std::optional<SharedText> TextBlock::add_decoded_base64(std::string_view text) {
  if (!has_room(text.size() / 4 * 3)) {
    const std::optional<std::string> decoded = decode_base64(text);
    return decoded ? std::optional(SharedText(*decoded)) : std::nullopt;
  }
  const size_t begin = memory_->size();
  if (!append_decoded_base64(*memory_, text)) return std::nullopt;
  return end(begin);
}

SharedText TextBlock::end(size_t begin) {
  const size_t size = memory_->size() - begin;
  memory_->push_back('\0');
  return {memory_, memory_->capacity(), {memory_->data() + begin, size}};
}

}  // namespace ctk::json
