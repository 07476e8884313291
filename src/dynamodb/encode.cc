#include "dynamodb/encode.h"

#include <algorithm>
#include <vector>

#include "dynamodb/number.h"
#include "json/reader.h"
#include "json/writer.h"

namespace ctk::dynamodb {
namespace {

/// Text that holds nothing to escape (digits, base64, tags).
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  out += text;
  out += '"';
}

void append_name(std::string& out, std::string_view name) {
  json::append_string(out, name);
  out += ':';
}

void append_typed_members(std::string& out, Value value) {
  char separator = 0;
  for (Value child : value) {
    if (separator != 0) out += separator;
    separator = ',';
    switch (value.type()) {
      case Type::M:
        append_name(out, child.name());
        append_typed(out, child);
        break;
      case Type::L: append_typed(out, child); break;
      case Type::SS: json::append_string(out, child.text()); break;
      default: append_quoted(out, child.text()); break;
    }
  }
}

std::vector<Value> children(Value value) {
  std::vector<Value> list;
  list.reserve(value.size());
  for (Value child : value) list.push_back(child);
  return list;
}

void append_number_set(std::string& out, Value value) {
  std::vector<Value> members = children(value);
  std::stable_sort(members.begin(), members.end(),
                   [](Value left, Value right) { return compare_numbers(left.text(), right.text()) < 0; });
  for (size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out += ',';
    append_json_number(out, members[i].text());
  }
}

void append_string_set(std::string& out, Value value) {
  std::vector<Value> members = children(value);
  std::stable_sort(members.begin(), members.end(), [](Value left, Value right) { return left.text() < right.text(); });
  for (size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out += ',';
    json::append_string(out, members[i].text());
  }
}

void append_binary_set(std::string& out, Value value) {
  std::vector<std::pair<std::string, std::string_view>> members;
  for (Value child : value) {
    members.emplace_back(json::decode_base64(child.text()).value_or(std::string()), child.text());
  }
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& left, const auto& right) { return left.first < right.first; });
  for (size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out += ',';
    append_quoted(out, members[i].second);
  }
}

void append_plain_children(std::string& out, Value value) {
  bool first = true;
  for (Value child : value) {
    if (!first) out += ',';
    first = false;
    if (value.type() == Type::M) append_name(out, child.name());
    append_plain(out, child);
  }
}

std::vector<Value> sorted_by_name(Value map) {
  std::vector<Value> members = children(map);
  std::sort(members.begin(), members.end(), [](Value left, Value right) { return left.name() < right.name(); });
  return members;
}

void append_plain_key_value(std::string& out, Value value) {
  if (value.type() == Type::N) {
    append_canonical_number(out, value.text());
  } else {
    append_plain(out, value);
  }
}

void append_typed_key_value(std::string& out, Value value) {
  if (value.type() == Type::N) {
    out += R"({"N":")";
    append_canonical_number(out, value.text());
    out += R"("})";
  } else {
    append_typed(out, value);
  }
}

template <class Append>
std::string key_object(Value keys, Append append_value) {
  std::string out;
  out.reserve(64);
  out += '{';
  for (Value member : sorted_by_name(keys)) {
    if (out.size() > 1) out += ',';
    append_name(out, member.name());
    append_value(out, member);
  }
  out += '}';
  return out;
}

}  // namespace

void append_typed(std::string& out, Value value) {
  out += '{';
  append_quoted(out, to_string(value.type()));
  out += ':';
  switch (value.type()) {
    case Type::S: json::append_string(out, value.text()); break;
    case Type::N:
    case Type::B: append_quoted(out, value.text()); break;
    case Type::BOOL: out += value.boolean() ? "true" : "false"; break;
    case Type::NUL: out += "true"; break;
    case Type::M:
      out += '{';
      append_typed_members(out, value);
      out += '}';
      break;
    case Type::L:
    case Type::SS:
    case Type::NS:
    case Type::BS:
      out += '[';
      append_typed_members(out, value);
      out += ']';
      break;
  }
  out += '}';
}

void append_plain(std::string& out, Value value) {
  switch (value.type()) {
    case Type::S: json::append_string(out, value.text()); return;
    case Type::N: append_json_number(out, value.text()); return;
    case Type::B: append_quoted(out, value.text()); return;
    case Type::BOOL: out += value.boolean() ? "true" : "false"; return;
    case Type::NUL: out += "null"; return;
    case Type::M:
      out += '{';
      append_plain_children(out, value);
      out += '}';
      return;
    default: break;
  }
  out += '[';
  switch (value.type()) {
    case Type::NS: append_number_set(out, value); break;
    case Type::SS: append_string_set(out, value); break;
    case Type::BS: append_binary_set(out, value); break;
    default: append_plain_children(out, value); break;
  }
  out += ']';
}

std::string plain_key(Value keys) { return key_object(keys, append_plain_key_value); }

std::string typed_key(Value keys) { return key_object(keys, append_typed_key_value); }

}  // namespace ctk::dynamodb
