#include "verify/content_hash.h"

#include "dynamodb/number.h"

namespace ctk::verify {
namespace {

using Kind = json::ExactNode::Kind;

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
  if (as_written_) {
    hash.add(*text);
    return true;
  }
  text_.assign(*text);
  const Result<json::ExactValue> root = tree_.read(text_);
  if (root) add_value(hash, *root);
  return root.has_value();
}

/// In its place among the others; a hash of their own have only members, whose order means nothing.
void ContentHash::add_value(SipHash& hash, json::ExactValue value) const {
  hash.add(static_cast<uint64_t>(value.kind()));
  switch (value.kind()) {
    case Kind::null: break;
    case Kind::boolean: hash.add(uint64_t{value.boolean()}); break;
    case Kind::number: add_number(hash, value.text()); break;
    case Kind::string: hash.add(value.text()); break;
    case Kind::array:
      hash.add(uint64_t{value.size()});
      for (const json::ExactValue each : value) add_value(hash, each);
      break;
    case Kind::object: {
      uint64_t members = 0;  // a sum, whatever their order
      for (const json::ExactValue each : value) {
        SipHash member(secret_);
        member.add(each.name());
        add_value(member, each);
        members += member.finish();
      }
      hash.add(uint64_t{value.size()});
      hash.add(members);
      break;
    }
  }
}

}  // namespace ctk::verify
