#include "json/exact_tree.h"

#include <algorithm>

namespace ctk::json {

namespace {

/// A number's token runs on to whatever follows it. Empty where that cannot follow a number.
std::string_view digits_of(std::string_view token) {
  const size_t end = std::min(token.find_first_not_of("+-.0123456789eE"), token.size());
  const bool ends = end == token.size() || std::string_view(" \t\r\n,]}").contains(token[end]);
  return ends ? token.substr(0, end) : std::string_view();
}

}  // namespace

Result<ExactValue> ExactTree::read(std::string& text) {
  nodes_.clear();
  depth_ = 0;
  Result<PieceObject> root = parser_.parse(text);
  if (!root) return forward_error(std::move(root));
  if (!add_members(open({}, ExactNode::Kind::object), *root) || !parser_.at_end()) {
    return fail(ErrorKind::corrupt, "broken JSON");
  }
  return ExactValue(nodes_.data(), 0);
}

uint32_t ExactTree::open(std::string_view name, ExactNode::Kind kind) {
  ExactNode node;
  node.kind = kind;
  node.name = name;
  nodes_.push_back(node);
  return static_cast<uint32_t>(nodes_.size() - 1);
}

void ExactTree::close(uint32_t index, uint32_t size) {
  nodes_[index].size = size;
  nodes_[index].next = static_cast<uint32_t>(nodes_.size());
}

bool ExactTree::add_members(uint32_t parent, PieceObject object) {
  uint32_t size = 0;
  const bool good = for_each_member(object, [&](std::string_view name, Piece value) {
    ++size;
    return add(name, value);
  });
  close(parent, size);
  return good;
}

bool ExactTree::add_entries(uint32_t parent, Piece list) {
  uint32_t size = 0;
  const bool good = for_each_entry(list, [&](Piece value) {
    ++size;
    return add({}, value);
  });
  close(parent, size);
  return good;
}

bool ExactTree::add_container(std::string_view name, ExactNode::Kind kind, Piece value) {
  if (kind == ExactNode::Kind::array) return add_entries(open(name, kind), value);
  const auto object = object_of(value);
  return object && add_members(open(name, kind), *object);
}

bool ExactTree::add(std::string_view name, Piece value) {
  using Type = simdjson::ondemand::json_type;
  using Kind = ExactNode::Kind;
  Type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  if (type == Type::object || type == Type::array) {
    if (++depth_ > kDeepest) return false;
    const bool good = add_container(name, type == Type::object ? Kind::object : Kind::array, value);
    --depth_;
    return good;
  }
  const Kind kind = type == Type::string    ? Kind::string
                    : type == Type::number  ? Kind::number
                    : type == Type::boolean ? Kind::boolean
                                            : Kind::null;
  const uint32_t index = open(name, kind);
  close(index, 0);
  return add_scalar(nodes_[index], value);
}

bool ExactTree::add_scalar(ExactNode& node, Piece value) {
  switch (node.kind) {
    case ExactNode::Kind::string: return value.get_string().get(node.text) == simdjson::SUCCESS;
    case ExactNode::Kind::boolean: return value.get_bool().get(node.truth) == simdjson::SUCCESS;
    case ExactNode::Kind::number: node.text = digits_of(value.raw_json_token()); return !node.text.empty();
    default: {
      bool null = false;
      return value.is_null().get(null) == simdjson::SUCCESS && null;
    }
  }
}

}  // namespace ctk::json
