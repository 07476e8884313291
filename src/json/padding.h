// Room behind a text that is to be parsed.
#pragma once

#include <cstddef>

namespace ctk::json {

/// Bytes that simdjson may read past the end of a buffer which is parsed in place.
inline constexpr size_t kPadding = 64;

}  // namespace ctk::json
