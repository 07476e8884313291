// JSON and base64 in. What it must not know: DynamoDB.
#include "json/reader.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "json/base64_vectors.h"

namespace ctk::json {
namespace {

Result<Element> parse_with(simdjson::dom::parser& parser, std::string_view text, bool copy) {
  Element element;
  simdjson::error_code error = parser.parse(text.data(), text.size(), copy).get(element);
  if (error != simdjson::SUCCESS) return fail(ErrorKind::corrupt, "not valid JSON", simdjson::error_message(error));
  return element;
}

constexpr uint32_t kBad = 0xff000000;

/// The 24-bit contribution of a character in place `Place` of its group of four; kBad for what is not of the alphabet.
template <int Place>
constexpr std::array<uint32_t, 256> make_table() {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<uint32_t, 256> table{};
  for (uint32_t& entry : table) entry = kBad;
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<uint32_t>(i) << (18 - 6 * Place);
  }
  return table;
}

constexpr auto kFirst = make_table<0>();
constexpr auto kSecond = make_table<1>();
constexpr auto kThird = make_table<2>();
constexpr auto kFourth = make_table<3>();

uint32_t decode_group(const unsigned char* in) { return kFirst[in[0]] | kSecond[in[1]] | kThird[in[2]] | kFourth[in[3]]; }

void put_three(char* out, uint32_t group) {
  out[0] = static_cast<char>(group >> 16);
  out[1] = static_cast<char>(group >> 8);
  out[2] = static_cast<char>(group);
}

/// Decodes `groups` whole groups; false if one of them holds a foreign character (padding is foreign here).
bool decode_groups(const unsigned char* in, size_t groups, char* out) {
  uint32_t seen = 0;
  for (size_t i = decode_base64_vectors(in, groups, out); i < groups; ++i) {
    uint32_t group = decode_group(in + 4 * i);
    seen |= group;
    put_three(out + 3 * i, group);
  }
  return (seen & kBad) == 0;
}

/// Decodes a last group that ends with one or two `=`; bits that belong to no byte must be zero.
bool decode_padded(const unsigned char* in, size_t padding, char* out) {
  uint32_t group = kFirst[in[0]] | kSecond[in[1]] | (padding == 1 ? kThird[in[2]] : 0);
  uint32_t unused = padding == 1 ? 0xff : 0xffff;
  if ((group & (kBad | unused)) != 0) return false;
  out[0] = static_cast<char>(group >> 16);
  if (padding == 1) out[1] = static_cast<char>(group >> 8);
  return true;
}

}  // namespace

Result<Element> Parser::parse(std::string_view text) { return parse_with(parser_, text, true); }

Result<Element> Parser::parse_padded(std::string_view text) { return parse_with(parser_, text, false); }

std::optional<Element> member(Element element, std::string_view name) {
  Object object;
  if (element.get(object) != simdjson::SUCCESS) return std::nullopt;
  Element value;
  if (object.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

std::optional<std::string_view> string_member(Element element, std::string_view name) {
  std::optional<Element> value = member(element, name);
  std::string_view text;
  if (!value || value->get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

std::optional<int64_t> int_member(Element element, std::string_view name) {
  std::optional<Element> value = member(element, name);
  int64_t number = 0;
  if (!value || value->get(number) != simdjson::SUCCESS) return std::nullopt;
  return number;
}

std::optional<bool> bool_member(Element element, std::string_view name) {
  std::optional<Element> value = member(element, name);
  bool truth = false;
  if (!value || value->get(truth) != simdjson::SUCCESS) return std::nullopt;
  return truth;
}

bool append_decoded_base64(std::string& out, std::string_view text) {
  if (text.size() % 4 != 0) return false;
  if (text.empty()) return true;
  size_t padding = !text.ends_with('=') ? 0 : text.ends_with("==") ? 2 : 1;
  size_t groups = text.size() / 4 - (padding > 0 ? 1 : 0);
  size_t start = out.size();
  size_t decoded = text.size() / 4 * 3 - padding;
  bool good = false;
  out.resize_and_overwrite(start + decoded, [&](char* data, size_t) {
    const unsigned char* in = reinterpret_cast<const unsigned char*>(text.data());
    char* to = data + start;
    good = decode_groups(in, groups, to) && (padding == 0 || decode_padded(in + 4 * groups, padding, to + 3 * groups));
    return good ? start + decoded : start;
  });
  return good;
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string bytes;
  if (!append_decoded_base64(bytes, text)) return std::nullopt;
  return bytes;
}

}  // namespace ctk::json
