#include "verify/content_hash.h"

#include "dynamodb/number.h"
#include "json/reader.h"

namespace ctk::verify {
namespace {

/// What stands before a value in the hash, and behind the last of an array.
enum class Token : uint64_t { word, number, text, array, object, end };

void add_token(SipHash& hash, Token token) { hash.add(static_cast<uint64_t>(token)); }

void add_number(SipHash& hash, std::string_view digits) {
  const bool plain = digits.find_first_of(".eE+") == std::string_view::npos;
  if (plain || !dynamodb::is_number(digits)) return hash.add(digits);
  hash.add(dynamodb::canonical_number(digits));
}

}  // namespace

std::optional<uint32_t> ContentHash::operator()(std::optional<std::string_view> data, std::optional<std::string_view> aux) {
  SipHash hash(secret_);
  if (!add(hash, data) || !add(hash, aux)) return std::nullopt;
  return static_cast<uint32_t>(hash.finish());
}

bool ContentHash::add(SipHash& hash, std::optional<std::string_view> text) {
  hash.add(uint64_t{text.has_value()});
  if (!text) return true;
  if (!as_written_) return add_document(hash, *text);
  hash.add(*text);
  return true;
}

bool ContentHash::add_document(SipHash& hash, std::string_view text) {
  text_.reserve(text.size() + json::kPadding);
  text_.assign(text);
  const bool escapes = json::Walk::has_escapes(text_);
  if (escapes) {
    plain_.reserve(text.size() + json::kPadding);
    plain_.resize(text.size());
  }
  return walk_.begin(text_, escapes ? plain_.data() : nullptr) && walk_.head() == '{' && add_value(hash) &&
         walk_.complete();
}

bool ContentHash::add_value(SipHash& hash) {
  switch (walk_.head()) {
    case '{': return add_members(hash);
    case '[': {
      add_token(hash, Token::array);
      const bool good = walk_.elements([&] { return add_value(hash); });
      add_token(hash, Token::end);
      return good;
    }
    default: return add_scalar(hash);
  }
}

bool ContentHash::add_scalar(SipHash& hash) {
  using Kind = json::Walk::Scalar::Kind;
  json::Walk::Scalar scalar;
  if (!walk_.take_scalar(scalar)) return false;
  switch (scalar.kind) {
    case Kind::word: add_token(hash, Token::word); break;
    case Kind::text: add_token(hash, Token::text); break;
    case Kind::number:
      add_token(hash, Token::number);
      add_number(hash, scalar.raw);
      return true;
    case Kind::none: return false;
  }
  hash.add(scalar.raw);
  return true;
}

/// In its place among the others; a hash of their own have only members, whose order means nothing.
bool ContentHash::add_members(SipHash& hash) {
  uint64_t size = 0, members = 0;  // a sum, whatever their order
  const bool good = walk_.members([&](std::string_view name) {
    SipHash member(secret_);
    member.add(name);
    if (!add_value(member)) return false;
    members += member.finish();
    ++size;
    return true;
  });
  add_token(hash, Token::object);
  hash.add(size);
  hash.add(members);
  return good;
}

}  // namespace ctk::verify
