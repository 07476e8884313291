#include "json/shared_text.h"

#include <cstring>

#include "json/padding.h"

namespace ctk::json {

SharedText::SharedText(std::string_view text) : memory_bytes_(text.size() + kPadding) {
  auto memory = std::make_shared_for_overwrite<char[]>(memory_bytes_);
  char* const begin = memory.get();
  std::memcpy(begin, text.data(), text.size());
  std::memset(begin + text.size(), 0, kPadding);
  text_ = {begin, text.size()};
  memory_ = std::move(memory);
}

}  // namespace ctk::json
