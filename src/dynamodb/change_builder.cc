#include "dynamodb/change_builder.h"

#include "dynamodb/number.h"

namespace ctk::dynamodb {
namespace {

constexpr size_t kMaxPath = 1000;

bool is_text_type(Type type) { return type == Type::S || type == Type::N || type == Type::B; }

/// The type of a set's members.
Type member_type(Type set) { return set == Type::SS ? Type::S : set == Type::NS ? Type::N : Type::B; }

bool is_bare_number(json::Element element) {
  return element.is<int64_t>() || element.is<uint64_t>() || element.is<double>();
}

}  // namespace

std::string excerpt(std::string_view text, size_t limit) {
  if (text.size() <= limit) return std::string(text);
  size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

void ChangeBuilder::begin() {
  nodes_.clear();
  text_.clear();
  reason_.clear();
  path_.clear();
  met_bare_number_ = false;
}

std::optional<uint32_t> ChangeBuilder::add_item(std::string_view what, json::Element item) {
  json::Object members;
  if (item.get(members) != simdjson::SUCCESS) {
    reason_ = std::string(what) + " is no object";
    return std::nullopt;
  }
  item_begin_ = item_end_ = nullptr;
  uint32_t index = add_node(Type::M, {});
  if (add_members(index, members)) {
    text_.insert(text_.end(), item_begin_, item_end_);
    return index;
  }
  reason_ = std::string(what) + path_ + ": " + reason_;
  path_.clear();
  return std::nullopt;
}

bool ChangeBuilder::add_members(uint32_t index, json::Object members) {
  uint32_t count = 0;
  for (auto [name, value] : members) {
    if (!add_value(name, value)) return fail_at(".", name, "");
    ++count;
  }
  close_node(index, count);
  return true;
}

bool ChangeBuilder::add_value(std::string_view name, json::Element value) {
  json::Object members;
  if (value.get(members) != simdjson::SUCCESS) return fail("an attribute value is no object");
  auto member = members.begin();
  if (member == members.end()) {
    close_node(add_node(Type::M, name), 0);
    return true;
  }
  std::optional<Type> type = parse_type(member.key());
  if (!type) return fail("unknown type " + excerpt(member.key()));
  json::Element content = member.value();
  if (++member != members.end()) return fail("an attribute value has more than one type");
  return add_content(add_node(*type, name), content);
}

bool ChangeBuilder::add_content(uint32_t index, json::Element content) {
  Node& node = nodes_[index];
  switch (node.type) {
    case Type::S:
    case Type::N:
    case Type::B:
    case Type::BOOL:
    case Type::NUL: return add_scalar(node, content);
    case Type::L: return add_list(index, content);
    case Type::M: {
      json::Object members;
      if (content.get(members) != simdjson::SUCCESS) return fail("M is no object");
      return add_members(index, members);
    }
    case Type::SS:
    case Type::NS:
    case Type::BS: return add_set(index, content);
  }
  return fail("unknown type");
}

bool ChangeBuilder::add_scalar(Node& node, json::Element content) {
  if (is_text_type(node.type)) {
    std::string_view text;
    if (content.get(text) == simdjson::SUCCESS) {
      node.text = place(text);
      node.text_size = static_cast<uint32_t>(text.size());
      return check_text(node, text);
    }
    if (node.type == Type::S && content.is_null()) {
      node.type = Type::NUL;
      return true;
    }
    if (node.type == Type::N && is_bare_number(content)) met_bare_number_ = true;
    return fail(std::string(to_string(node.type)) + " is no string");
  }
  bool truth = false;
  if (content.get(truth) != simdjson::SUCCESS)
    return fail(std::string(to_string(node.type)) + " is neither true nor false");
  node.truth = node.type == Type::BOOL && truth;
  return true;
}

bool ChangeBuilder::add_list(uint32_t index, json::Element content) {
  json::Array elements;
  if (content.get(elements) != simdjson::SUCCESS) return fail("L is no array");
  uint32_t count = 0;
  for (json::Element element : elements) {
    if (!add_value({}, element)) return fail_at("[", std::to_string(count), "]");
    ++count;
  }
  close_node(index, count);
  return true;
}

bool ChangeBuilder::add_set(uint32_t index, json::Element content) {
  Type type = nodes_[index].type;
  json::Array elements;
  if (content.get(elements) != simdjson::SUCCESS) return fail(std::string(to_string(type)) + " is no array");
  uint32_t count = 0;
  for (json::Element element : elements) {
    if (element.is_null()) return fail("a set holds null");
    Node& node = nodes_[add_node(member_type(type), {})];
    if (!add_scalar(node, element)) return fail_at("[", std::to_string(count), "]");
    ++count;
  }
  close_node(index, count);
  return true;
}

uint32_t ChangeBuilder::add_node(Type type, std::string_view name) {
  auto index = static_cast<uint32_t>(nodes_.size());
  Node& node = nodes_.emplace_back();
  node.type = type;
  node.next = index + 1;
  if (name.empty()) return index;
  node.name = place(name);
  node.name_size = static_cast<uint32_t>(name.size());
  return index;
}

void ChangeBuilder::close_node(uint32_t index, uint32_t count) {
  nodes_[index].count = count;
  nodes_[index].next = static_cast<uint32_t>(nodes_.size());
}

/// Where the text will stand once the item's texts are copied.
uint32_t ChangeBuilder::place(std::string_view text) {
  if (item_begin_ == nullptr) item_begin_ = text.data();
  item_end_ = text.data() + text.size();
  return static_cast<uint32_t>(text_.size() + static_cast<size_t>(text.data() - item_begin_));
}

bool ChangeBuilder::check_text(Node& node, std::string_view text) {
  if (node.type == Type::S) return true;
  if (node.type == Type::N) {
    NumberForm form = number_form(text);
    node.json_number = form == NumberForm::json;
    return form != NumberForm::none || fail("no number: " + excerpt(text));
  }
  scratch_.clear();
  return json::append_decoded_base64(scratch_, text) || fail("no base64: " + excerpt(text));
}

bool ChangeBuilder::fail(std::string reason) {
  reason_ = std::move(reason);
  return false;
}

bool ChangeBuilder::fail_at(std::string_view before, std::string_view step, std::string_view after) {
  if (path_.size() > kMaxPath) return false;
  path_ = std::string(before) + excerpt(step) + std::string(after) + path_;
  return false;
}

void ChangeBuilder::finish(Change& change) const {
  change.nodes_.assign(nodes_.begin(), nodes_.end());
  change.text_.assign(text_.begin(), text_.end());
}

}  // namespace ctk::dynamodb
