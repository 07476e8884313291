#include "dynamodb/change_builder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/utf8.h"
#include "dynamodb/number.h"
#include "json/reader.h"
#include "json/text_buffer.h"

namespace ctk::dynamodb {
namespace {

constexpr size_t kMaxPath = 1000;
static_assert(kTextSlack >= json::TextBuffer::kSlack && json::kPadding >= kTextSlack);

/// The type of a set's members.
Type member_type(Type set) { return set == Type::SS ? Type::S : set == Type::NS ? Type::N : Type::B; }

/// The type that has one text, by its tag.
std::optional<Type> text_type(std::string_view tag) {
  if (json::is_word(tag, "S")) return Type::S;
  if (json::is_word(tag, "N")) return Type::N;
  if (json::is_word(tag, "B")) return Type::B;
  return std::nullopt;
}

/// Whether a name may have been met before, told by one bit of many: of few names nearly never where it was not.
class MetNames {
 public:
  /// Behind a name there is room for eight bytes.
  bool add(std::string_view name) {
    const uint64_t hash = (ends_of(name) + name.size()) * 0x9e37'79b9'7f4a'7c15;
    uint64_t& word = bits_[hash >> 60];
    const uint64_t bit = uint64_t{1} << (hash >> 54 & 63);
    return (std::exchange(word, word | bit) & bit) != 0;
  }

 private:
  static uint64_t load(std::string_view name, size_t from) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, name.data() + from, sizeof(bytes));
    return bytes;
  }
  /// Of its first and last bytes. Lengths are as they come: no branch would be foreseen.
  static uint64_t ends_of(std::string_view name) {
    static_assert(kTextSlack >= sizeof(uint64_t) && std::endian::native == std::endian::little);
    const size_t taken = std::min<size_t>(name.size(), 8), left_out = 4 * (8 - taken);
    const uint64_t first = load(name, 0) << left_out << left_out;
    const uint64_t last = load(name, name.size() - taken) << left_out << left_out;
    return first ^ std::rotl(last, 29);
  }

  std::array<uint64_t, 16> bits_{};
};

}  // namespace

std::string excerpt(std::string_view text, size_t limit) {
  if (text.size() <= limit) return std::string(text);
  return std::string(cut_at_character(text, limit)) + "…";
}

void ChangeBuilder::begin(json::Walk* walk) {
  walk_ = walk;
  node_count_ = 0;
  reason_.clear();
  path_.clear();
  met_bare_number_ = false;
}

std::optional<uint32_t> ChangeBuilder::add_item(std::string_view what) {
  const json::Walk::Place begin = walk_->place();
  const uint32_t index = open_node(Type::M, {});
  if (walk_->head() != '{') {
    reason_ = std::string(what) + " is no object";
  } else if (add_members(index)) {
    return index;
  } else if (!walk_->failed()) {
    reason_ = std::string(what) + path_ + ": " + reason_;
    path_.clear();
  }
  if (!walk_->failed()) {
    walk_->go_to(begin);
    walk_->skip();
  }
  return std::nullopt;
}

std::optional<uint32_t> ChangeBuilder::add_selection(uint32_t item, std::span<const std::string> names) {
  const uint32_t index = open_node(Type::M, {});
  for (const std::string& name : names) {
    uint32_t child = item + 1;
    while (child < nodes_[item].next && value(child).name() != name) child = nodes_[child].next;
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

bool ChangeBuilder::add_members(uint32_t parent) {
  uint32_t count = 0;
  const bool good = walk_->members([&](std::string_view name) {
    ++count;
    return add_value(name) || fail_at(".", name, "");
  });
  close_node(parent, count);
  return good && (!may_repeat(parent) || check_names(parent));
}

/// Most maps are of two or three members, whose names have two or three lengths.
bool ChangeBuilder::may_repeat(uint32_t parent) const {
  const Value map = value(parent);
  if (map.size() <= 3) {
    std::array<size_t, 3> sizes{};
    size_t at = 0;
    for (const Value child : map) sizes[at++] = child.name().size();
    return (at > 1 && sizes[0] == sizes[1]) || (at > 2 && (sizes[0] == sizes[2] || sizes[1] == sizes[2]));
  }
  MetNames met;
  bool found = false;
  for (const Value child : map) found |= met.add(child.name());
  return found;
}

/// DynamoDB has no such item, and each database would take another one of the two for the value.
bool ChangeBuilder::check_names(uint32_t parent) {
  names_.clear();
  for (const Value child : value(parent)) names_.push_back(child.name());
  std::ranges::sort(names_);
  const auto twice = std::ranges::adjacent_find(names_);
  return twice == names_.end() || fail("the attribute " + excerpt(*twice) + " stands twice");
}

bool ChangeBuilder::add_value(std::string_view name) {
  json::Walk& in = *walk_;
  std::string_view tag;
  if (in.at_pair()) {  // nearly always: what it is not is said by who takes it piece by piece
    const json::Walk::Place begin = in.place();
    std::string_view text;
    if (!in.take_pair(tag, text)) return false;
    if (const std::optional<Type> type = text_type(tag)) return add_text(*type, name, text);
    in.go_to(begin);
  }
  if (in.head() != '{') return fail("an attribute value is no object");
  if (!in.open('{')) return false;
  if (in.head() == '}') {
    close_node(open_node(Type::M, name), 0);
    return in.close('}');
  }
  if (!in.take_name(tag)) return false;
  const std::optional<Type> type = parse_type(tag);
  if (!type) return fail("unknown type " + excerpt(tag));
  if (!add_content(*type, name)) return false;
  if (in.head() == ',') return fail("an attribute value has more than one type");
  return in.close('}');
}

bool ChangeBuilder::add_content(Type type, std::string_view name) {
  switch (type) {
    case Type::S:
    case Type::N:
    case Type::B: return add_text(type, name);
    case Type::BOOL:
    case Type::NUL: return add_truth(type, name);
    case Type::L: return add_list(name);
    case Type::M: return walk_->head() == '{' ? add_members(open_node(Type::M, name)) : fail("M is no object");
    case Type::SS:
    case Type::NS:
    case Type::BS: return add_set(type, name);
  }
  return fail("unknown type");
}

bool ChangeBuilder::add_text(Type type, std::string_view name) {
  if (walk_->head() != '"') return refuse_text(type, name);
  std::string_view text;
  return walk_->take_text(text) && add_text(type, name, text);
}

bool ChangeBuilder::add_text(Type type, std::string_view name, std::string_view text) {
  Node& node = add_node(type, name);
  node.text = place(text);
  node.size = static_cast<uint32_t>(text.size());
  return type == Type::S || check_text(node, text);
}

bool ChangeBuilder::refuse_text(Type type, std::string_view name) {
  json::Walk::Scalar scalar;
  walk_->take_scalar(scalar);
  if (walk_->failed()) return false;
  if (type == Type::S && scalar.raw == "null") {
    add_node(Type::NUL, name);
    return true;
  }
  if (type == Type::N && scalar.kind == json::Walk::Scalar::Kind::number) met_bare_number_ = true;
  return fail(std::string(to_string(type)) + " is no string");
}

bool ChangeBuilder::add_truth(Type type, std::string_view name) {
  json::Walk::Scalar scalar;
  walk_->take_scalar(scalar);
  if (walk_->failed()) return false;
  if (scalar.kind != json::Walk::Scalar::Kind::word || scalar.raw == "null") {
    return fail(std::string(to_string(type)) + " is neither true nor false");
  }
  add_node(type, name).truth = type == Type::BOOL && scalar.raw == "true";
  return true;
}

bool ChangeBuilder::add_list(std::string_view name) {
  if (walk_->head() != '[') return fail("L is no array");
  const uint32_t index = open_node(Type::L, name);
  uint32_t count = 0;
  const bool good = walk_->elements([&] {
    if (!add_value({})) return fail_at("[", std::to_string(count), "]");
    ++count;
    return true;
  });
  close_node(index, count);
  return good;
}

bool ChangeBuilder::add_set(Type type, std::string_view name) {
  if (walk_->head() != '[') return fail(std::string(to_string(type)) + " is no array");
  const uint32_t index = open_node(type, name);
  uint32_t count = 0;
  const bool good = walk_->elements([&] {
    if (walk_->head() == 'n') return fail("a set holds null");
    if (!add_text(member_type(type), {})) return fail_at("[", std::to_string(count), "]");
    ++count;
    return true;
  });
  close_node(index, count);
  return good;
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

void ChangeBuilder::finish(Change& change, const ChangeTexts& texts, const std::shared_ptr<Slab>& slab) {
  Node* nodes = slab->nodes(node_count_);
  std::copy_n(nodes_.data(), node_count_, nodes);
  change.nodes_ = nodes;
  change.text_ = walk_ != nullptr ? walk_->base() : nullptr;
  const size_t bytes = texts.table.size() + texts.event_id.size() + texts.order.size() + texts.key.size() +
                       texts.shard.size() + texts.position.size();
  char* end = slab->chars(bytes);
  const auto put = [&end](std::string_view text) {
    std::string_view kept(end, text.size());
    end = std::copy(text.begin(), text.end(), end);
    return kept;
  };
  change.table = put(texts.table);
  change.event_id = put(texts.event_id);
  change.order = put(texts.order);
  change.key = put(texts.key);
  change.shard = put(texts.shard);
  change.position = put(texts.position);
  change.slab_ = slab;
}

}  // namespace ctk::dynamodb
