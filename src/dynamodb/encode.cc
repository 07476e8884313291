#include "dynamodb/encode.h"

#include <algorithm>
#include <array>
#include <vector>

#include "dynamodb/number.h"
#include "json/reader.h"
#include "json/text_buffer.h"

namespace ctk::dynamodb {
namespace {

using json::TextBuffer;

void put_typed(TextBuffer& out, Value value);
void put_plain(TextBuffer& out, Value value);

void put_name(TextBuffer& out, Value member) {
  out.put_slack_string(member.name());
  out.put(':');
}

/// Commas between what a loop puts.
class Commas {
 public:
  explicit Commas(TextBuffer& out) : out_(out) {}
  void next() {
    if (!first_) out_.put(',');
    first_ = false;
  }

 private:
  TextBuffer& out_;
  bool first_ = true;
};

void put_typed_members(TextBuffer& out, Value value) {
  Commas commas(out);
  for (Value child : value) {
    commas.next();
    switch (value.type()) {
      case Type::M:
        put_name(out, child);
        put_typed(out, child);
        break;
      case Type::L: put_typed(out, child); break;
      case Type::SS: out.put_slack_string(child.text()); break;
      default: out.put_quoted(child.text()); break;
    }
  }
}

void put_typed(TextBuffer& out, Value value) {
  out.put("{\"");
  out.put(to_string(value.type()));
  out.put("\":");
  switch (value.type()) {
    case Type::S: out.put_slack_string(value.text()); break;
    case Type::N:
    case Type::B: out.put_quoted(value.text()); break;
    case Type::BOOL: out.put(value.boolean() ? "true" : "false"); break;
    case Type::NUL: out.put("true"); break;
    case Type::M:
      out.put('{');
      put_typed_members(out, value);
      out.put('}');
      break;
    case Type::L:
    case Type::SS:
    case Type::NS:
    case Type::BS:
      out.put('[');
      put_typed_members(out, value);
      out.put(']');
      break;
  }
  out.put('}');
}

void put_number(TextBuffer& out, Value value) {
  if (value.is_json_number()) {
    out.put_slack(value.text());
  } else {
    out.put(json_number(value.text()));
  }
}

/// A map's or set's members in an order of their own; equal ones as they came. Few of them cost no allocation.
class Sorted {
 public:
  template <class Compare>
  Sorted(Value parent, Compare compare) {
    if (parent.size() > few_.size()) many_.resize(parent.size());
    members_ = std::span(many_.empty() ? few_.data() : many_.data(), parent.size());
    size_t at = 0;
    for (Value child : parent) members_[at++] = child;
    std::sort(members_.begin(), members_.end(), [&compare](Value left, Value right) {
      int order = compare(left, right);
      return order == 0 ? left.text().data() < right.text().data() : order < 0;
    });
  }
  Sorted(const Sorted&) = delete;
  Sorted& operator=(const Sorted&) = delete;
  auto begin() const { return members_.begin(); }
  auto end() const { return members_.end(); }

 private:
  std::array<Value, 8> few_;
  std::vector<Value> many_;
  std::span<Value> members_;
};

void put_number_set(TextBuffer& out, Value set) {
  Commas commas(out);
  for (Value member : Sorted(set, [](Value left, Value right) { return compare_numbers(left.text(), right.text()); })) {
    commas.next();
    put_number(out, member);
  }
}

void put_string_set(TextBuffer& out, Value set) {
  Commas commas(out);
  for (Value member : Sorted(set, [](Value left, Value right) { return left.text().compare(right.text()); })) {
    commas.next();
    out.put_slack_string(member.text());
  }
}

void put_binary_set(TextBuffer& out, Value set) {
  std::vector<std::pair<std::string, std::string_view>> members;
  for (Value child : set) {
    members.emplace_back(json::decode_base64(child.text()).value_or(std::string()), child.text());
  }
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& left, const auto& right) { return left.first < right.first; });
  Commas commas(out);
  for (const auto& member : members) {
    commas.next();
    out.put_quoted(member.second);
  }
}

/// Nearly all names differ in their size or their last character: those are not compared by a call.
bool is_same(std::string_view one, std::string_view other) {
  return one.size() == other.size() && (one.empty() || (one.back() == other.back() && one == other));
}

bool is_left_out(std::string_view name, std::span<const std::string> left_out) {
  return std::ranges::any_of(left_out, [name](std::string_view other) { return is_same(name, other); });
}

void put_plain_members(TextBuffer& out, Value map, std::span<const std::string> left_out) {
  Commas commas(out);
  for (Value child : map) {
    if (!left_out.empty() && is_left_out(child.name(), left_out)) continue;
    commas.next();
    put_name(out, child);
    put_plain(out, child);
  }
}

void put_plain_list(TextBuffer& out, Value list) {
  Commas commas(out);
  for (Value child : list) {
    commas.next();
    put_plain(out, child);
  }
}

void put_plain_array(TextBuffer& out, Value value) {
  out.put('[');
  switch (value.type()) {
    case Type::NS: put_number_set(out, value); break;
    case Type::SS: put_string_set(out, value); break;
    case Type::BS: put_binary_set(out, value); break;
    default: put_plain_list(out, value); break;
  }
  out.put(']');
}

void put_plain(TextBuffer& out, Value value) {
  switch (value.type()) {
    case Type::S: out.put_slack_string(value.text()); break;
    case Type::N: put_number(out, value); break;
    case Type::B: out.put_quoted(value.text()); break;
    case Type::BOOL: out.put(value.boolean() ? "true" : "false"); break;
    case Type::NUL: out.put("null"); break;
    case Type::M:
      out.put('{');
      put_plain_members(out, value, {});
      out.put('}');
      break;
    case Type::L:
    case Type::SS:
    case Type::NS:
    case Type::BS: put_plain_array(out, value); break;
  }
}

/// An integer as DynamoDB writes it is canonical already.
void put_canonical(TextBuffer& out, Value number) {
  std::string_view text = number.text();
  bool plain_integer = number.is_json_number() && text.size() < 40 && text.find_first_of("-.eE") == std::string_view::npos;
  if (plain_integer) {
    out.put_slack(text);
  } else {
    out.put(canonical_number(text));
  }
}

void put_key_value(TextBuffer& out, Value value, bool typed) {
  if (value.type() != Type::N) {
    typed ? put_typed(out, value) : put_plain(out, value);
    return;
  }
  if (typed) out.put(R"({"N":")");
  put_canonical(out, value);
  if (typed) out.put(R"("})");
}

void put_key_member(TextBuffer& out, Value member, bool typed) {
  put_name(out, member);
  put_key_value(out, member, typed);
}

bool is_in_order(Value keys) {
  std::string_view previous;
  for (Value member : keys) {
    if (member.name() < previous) return false;
    previous = member.name();
  }
  return true;
}

void append_key_object(std::string& text, Value keys, bool typed) {
  TextBuffer out(text);
  Commas commas(out);
  auto put = [&](Value member) {
    commas.next();
    put_key_member(out, member, typed);
  };
  out.put('{');
  if (is_in_order(keys)) {
    for (Value member : keys) put(member);
  } else {
    for (Value member : Sorted(keys, [](Value left, Value right) { return left.name().compare(right.name()); }))
      put(member);
  }
  out.put('}');
}

}  // namespace

void append_typed(std::string& out, Value value) {
  TextBuffer buffer(out);
  put_typed(buffer, value);
}

void append_plain(std::string& out, Value value) {
  TextBuffer buffer(out);
  put_plain(buffer, value);
}

void append_typed_object(std::string& out, Value map, std::span<const std::string> left_out) {
  TextBuffer buffer(out);
  Commas commas(buffer);
  buffer.put('{');
  for (Value child : map) {
    if (is_left_out(child.name(), left_out)) continue;
    commas.next();
    put_name(buffer, child);
    put_typed(buffer, child);
  }
  buffer.put('}');
}

void append_plain_object(std::string& out, Value map, std::span<const std::string> left_out) {
  TextBuffer buffer(out);
  buffer.put('{');
  put_plain_members(buffer, map, left_out);
  buffer.put('}');
}

std::string plain_key(Value keys) {
  std::string text;
  append_plain_key(text, keys);
  return text;
}

void append_plain_key(std::string& out, Value keys) { append_key_object(out, keys, false); }

std::string typed_key(Value keys) {
  std::string text;
  append_key_object(text, keys, true);
  return text;
}

void append_typed_key(std::string& out, Value keys) { append_key_object(out, keys, true); }

}  // namespace ctk::dynamodb
