#include "dynamodb/change_builder.h"

#include <algorithm>

#include "dynamodb/number.h"
#include "json/text_buffer.h"

namespace ctk::dynamodb {
namespace {

constexpr size_t kMaxPath = 1000;
static_assert(kTextSlack >= json::TextBuffer::kSlack && json::kPadding >= kTextSlack);

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
  node_count_ = 0;
  items_.clear();
  text_before_ = 0;
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
  if (!items_.empty()) text_before_ += items_.back().size();
  items_.emplace_back();
  uint32_t index = open_node(Type::M, {});
  if (add_members(index, members)) return index;
  reason_ = std::string(what) + path_ + ": " + reason_;
  path_.clear();
  return std::nullopt;
}

std::optional<uint32_t> ChangeBuilder::add_selection(uint32_t item, std::span<const std::string> names) {
  const uint32_t index = open_node(Type::M, {});
  for (const std::string& name : names) {
    uint32_t child = item + 1;
    while (child < nodes_[item].next && in_first_item(child).name() != name) child = nodes_[child].next;
    if (child == nodes_[item].next) {
      reason_ = "the key " + excerpt(name) + " is missing";
      return std::nullopt;
    }
    Node copy = nodes_[child];
    if (copy.next != child + 1) {
      reason_ = "the key " + excerpt(name) + " is " + std::string(to_string(copy.type)) + ", not S, N or B";
      return std::nullopt;
    }
    Node& node = add_node(copy.type, {});
    copy.next = node.next;
    node = copy;
  }
  close_node(index, static_cast<uint32_t>(names.size()));
  return index;
}

bool ChangeBuilder::add_members(uint32_t parent, json::Object members) {
  uint32_t count = 0;
  for (auto [name, value] : members) {
    if (!add_value(name, value)) return fail_at(".", name, "");
    ++count;
  }
  close_node(parent, count);
  return true;
}

bool ChangeBuilder::add_value(std::string_view name, json::Element value) {
  json::Object members;
  if (value.get(members) != simdjson::SUCCESS) return fail("an attribute value is no object");
  auto member = members.begin();
  const auto end = members.end();
  if (member == end) {
    close_node(open_node(Type::M, name), 0);
    return true;
  }
  std::string_view tag = member.key();
  json::Element content = member.value();
  if (++member != end) return fail("an attribute value has more than one type");
  if (tag.size() == 1) {  // nearly all values are strings and numbers
    if (tag[0] == 'S') return add_text(Type::S, name, content);
    if (tag[0] == 'N') return add_text(Type::N, name, content);
  }
  std::optional<Type> type = parse_type(tag);
  if (!type) return fail("unknown type " + excerpt(tag));
  return add_content(*type, name, content);
}

bool ChangeBuilder::add_content(Type type, std::string_view name, json::Element content) {
  switch (type) {
    case Type::S:
    case Type::N:
    case Type::B: return add_text(type, name, content);
    case Type::BOOL:
    case Type::NUL: return add_truth(type, name, content);
    case Type::L: return add_list(name, content);
    case Type::M: {
      json::Object members;
      if (content.get(members) != simdjson::SUCCESS) return fail("M is no object");
      return add_members(open_node(Type::M, name), members);
    }
    case Type::SS:
    case Type::NS:
    case Type::BS: return add_set(type, name, content);
  }
  return fail("unknown type");
}

bool ChangeBuilder::add_text(Type type, std::string_view name, json::Element content) {
  std::string_view text;
  if (content.get(text) != simdjson::SUCCESS) return refuse_text(type, name, content);
  Node& node = add_node(type, name);
  node.text = place(text);
  node.size = static_cast<uint32_t>(text.size());
  return type == Type::S || check_text(node, text);
}

bool ChangeBuilder::refuse_text(Type type, std::string_view name, json::Element content) {
  if (type == Type::S && content.is_null()) {
    add_node(Type::NUL, name);
    return true;
  }
  if (type == Type::N && is_bare_number(content)) met_bare_number_ = true;
  return fail(std::string(to_string(type)) + " is no string");
}

bool ChangeBuilder::add_truth(Type type, std::string_view name, json::Element content) {
  bool truth = false;
  if (content.get(truth) != simdjson::SUCCESS) {
    return fail(std::string(to_string(type)) + " is neither true nor false");
  }
  add_node(type, name).truth = type == Type::BOOL && truth;
  return true;
}

bool ChangeBuilder::add_list(std::string_view name, json::Element content) {
  json::Array elements;
  if (content.get(elements) != simdjson::SUCCESS) return fail("L is no array");
  uint32_t index = open_node(Type::L, name);
  uint32_t count = 0;
  for (json::Element element : elements) {
    if (!add_value({}, element)) return fail_at("[", std::to_string(count), "]");
    ++count;
  }
  close_node(index, count);
  return true;
}

bool ChangeBuilder::add_set(Type type, std::string_view name, json::Element content) {
  json::Array elements;
  if (content.get(elements) != simdjson::SUCCESS) return fail(std::string(to_string(type)) + " is no array");
  uint32_t index = open_node(type, name);
  uint32_t count = 0;
  for (json::Element element : elements) {
    if (element.is_null()) return fail("a set holds null");
    if (!add_text(member_type(type), {}, element)) return fail_at("[", std::to_string(count), "]");
    ++count;
  }
  close_node(index, count);
  return true;
}

/// A new node at the end, without children; the reference is good until the next one.
Node& ChangeBuilder::add_node(Type type, std::string_view name) {
  if (node_count_ == nodes_.size()) nodes_.resize(nodes_.size() * 2 + 64);
  Node& node = nodes_[node_count_++];
  node = {};
  node.type = type;
  node.next = node_count_;
  if (name.data() != nullptr) {
    node.name = place(name);
    node.name_size = static_cast<uint32_t>(name.size());
  }
  return node;
}

/// A node whose children, if it gets any, follow; close_node ends it.
uint32_t ChangeBuilder::open_node(Type type, std::string_view name) {
  add_node(type, name);
  return node_count_ - 1;
}

void ChangeBuilder::close_node(uint32_t index, uint32_t count) {
  nodes_[index].size = count;
  nodes_[index].next = node_count_;
}

/// Where the text will stand once the item's texts are copied.
uint32_t ChangeBuilder::place(std::string_view text) {
  Stretch& item = items_.back();
  if (item.begin == nullptr) item.begin = text.data();
  item.end = text.data() + text.size();
  return static_cast<uint32_t>(text_before_ + static_cast<size_t>(text.data() - item.begin));
}

bool ChangeBuilder::check_text(Node& node, std::string_view text) {
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

void ChangeBuilder::finish(Change& change, const ChangeTexts& texts) {
  size_t bytes = kTextSlack + texts.table.size() + texts.event_id.size() + texts.order.size() + texts.key.size();
  for (const Stretch& item : items_) bytes += item.size();
  size_t slots = node_count_ + (bytes + sizeof(Node) - 1) / sizeof(Node);
  change.block_ = std::make_unique_for_overwrite<Node[]>(slots);
  change.slot_count_ = static_cast<uint32_t>(slots);
  change.node_count_ = node_count_;
  std::copy_n(nodes_.data(), node_count_, change.block_.get());
  char* end = reinterpret_cast<char*>(change.block_.get() + node_count_);
  auto put = [&end](std::string_view text) {
    std::string_view kept(end, text.size());
    end = std::copy(text.begin(), text.end(), end);
    return kept;
  };
  for (const Stretch& item : items_) put({item.begin, item.size()});
  change.table = put(texts.table);
  change.event_id = put(texts.event_id);
  change.order = put(texts.order);
  change.key = put(texts.key);
}

}  // namespace ctk::dynamodb
