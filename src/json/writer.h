// Writing JSON by appending to a string. Numbers are passed through as text, so that no digit is ever lost.
#pragma once

#include <string>
#include <string_view>

namespace ctk::json {

/// Appends `text` (UTF-8) as a JSON string: quotes, escapes for `"`, `\` and control characters, the rest verbatim.
void append_string(std::string& out, std::string_view text);

/// Appends standard base64 with padding (RFC 4648 section 4), without quotes.
void append_base64(std::string& out, std::string_view bytes);

/// JSON is UTF-8, whatever a database or a file has put into a text: each byte that is none becomes U+FFFD.
std::string to_utf8(std::string text);

/// Writes one document; puts the commas. `value` calls must follow `key` inside objects.
///   Writer w(out); w.begin_object(); w.key("a"); w.number("1"); w.end_object();
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name);
  void string(std::string_view text);
  void number(std::string_view digits);
  void number(int64_t value);
  void boolean(bool value);
  void null();
  /// A value that is JSON already.
  void raw(std::string_view json);

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();

  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace ctk::json
