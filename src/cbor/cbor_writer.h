// Writing CBOR (RFC 8949) by appending to a string, as the services of AWS do: maps and arrays without a length before
// them, and times as whole milliseconds since 1970 with the tag of a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace ctk::cbor {

/// Writes one document. Members of maps are a text, then a value.
///   Writer w(out); w.begin_map(); w.text("Limit"); w.integer(1); w.end();
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void begin_map() { out_ += '\xbf'; }
  void begin_array() { out_ += '\x9f'; }
  /// Of the innermost map or array.
  void end() { out_ += '\xff'; }
  void text(std::string_view text);
  void bytes(std::string_view bytes);
  void integer(int64_t value);
  void real(double value);
  void time(Timestamp time);
  void boolean(bool value) { out_ += value ? '\xf5' : '\xf4'; }
  void null() { out_ += '\xf6'; }

 private:
  void head(int major, uint64_t value);
  void big_endian(uint64_t value, int width);

  std::string& out_;
};

}  // namespace ctk::cbor
