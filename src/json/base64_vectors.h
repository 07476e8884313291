// Base64 by vectors of 32 characters, on processors that have them: long texts in a tenth of the time. What it must not
// know: padding, and where a text ends.
#pragma once

#include <cstddef>

namespace ctk::json {

/// Decodes groups of four characters from the first one on, and says how many: most of `groups`, up to a foreign character;
/// none where the processor has no such vectors. The others are the caller's. `out` has room for three bytes of each of
/// `groups`, and is written to beyond what is decoded.
size_t decode_base64_vectors(const unsigned char* in, size_t groups, char* out);

}  // namespace ctk::json
