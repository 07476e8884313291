// CBOR where JSON is wanted: small answers as JSON text, and answers that break off.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace ctk::cbor {

/// One CBOR document as JSON: byte strings as base64, tags left out, numbers that JSON does not have as null. `corrupt`
/// where it is not exactly that.
Result<std::string> to_json(std::string_view bytes);

/// As json::close_cut_list: `bytes` begin a map with an array named `list` at its top. Makes them a map of nothing but that
/// array with the entries that are whole. False, and no change, where none is.
bool close_cut_list(std::string& bytes, std::string_view list);

}  // namespace ctk::cbor
