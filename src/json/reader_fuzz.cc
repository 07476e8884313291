// Fuzzes the two parsers of bytes: JSON in place against JSON by copy, and base64 against its own encoder.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "json/reader.h"
#include "json/writer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  static ctk::json::Parser by_copy;
  static ctk::json::Parser in_place;
  std::string padded;
  padded.reserve(size + ctk::json::kPadding);
  padded = text;
  if (by_copy.parse(text).has_value() != in_place.parse_padded(padded).has_value()) std::abort();
  if (std::optional<std::string> bytes = ctk::json::decode_base64(text)) {
    std::string again;
    ctk::json::append_base64(again, *bytes);
    if (again != text) std::abort();
  }
  return 0;
}
