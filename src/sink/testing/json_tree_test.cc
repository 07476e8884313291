#include "sink/testing/json_tree.h"

#include <algorithm>

#include "dynamodb/number.h"
#include "json/reader.h"
#include "json/writer.h"

namespace ctk::sink::testing {
namespace {

class JsonTreeReader {
 public:
  explicit JsonTreeReader(std::string_view text) : rest_(text) {}

  JsonTree read() {
    skip();
    char c = rest_.front();
    if (c == '{') return read_object();
    if (c == '[') return read_array();
    if (c == '"') return {JsonTree::Kind::string, read_string(), {}, {}};
    size_t end = std::min(rest_.find_first_of(",]} \n\t\r"), rest_.size());
    std::string word(rest_.substr(0, end));
    rest_.remove_prefix(end);
    if (word == "null") return {};
    if (word == "true" || word == "false") return {JsonTree::Kind::boolean, word, {}, {}};
    return {JsonTree::Kind::number, dynamodb::canonical_number(word), {}, {}};
  }

 private:
  void skip() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n\t\r,:"), rest_.size())); }

  std::string read_string() {
    size_t end = 1;
    while (rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    json::Parser parser;
    std::string decoded(parser.parse(rest_.substr(0, end + 1)).value().get_string().value());
    rest_.remove_prefix(end + 1);
    return decoded;
  }

  JsonTree read_object() {
    JsonTree tree{JsonTree::Kind::object, {}, {}, {}};
    rest_.remove_prefix(1);
    for (skip(); rest_.front() != '}'; skip()) {
      std::string name = read_string();
      tree.members[name] = read();
    }
    rest_.remove_prefix(1);
    return tree;
  }

  JsonTree read_array() {
    JsonTree tree{JsonTree::Kind::array, {}, {}, {}};
    rest_.remove_prefix(1);
    for (skip(); rest_.front() != ']'; skip()) tree.items.push_back(read());
    rest_.remove_prefix(1);
    return tree;
  }

  std::string_view rest_;
};

}  // namespace

std::string JsonTree::str() const {
  std::string out;
  json::Writer writer(out);
  write(writer);
  return out;
}

void JsonTree::write(json::Writer& writer) const {
  switch (kind) {
    case Kind::null: return writer.null();
    case Kind::boolean: return writer.boolean(text == "true");
    case Kind::number: return writer.number(text);
    case Kind::string: return writer.string(text);
    case Kind::array:
      writer.begin_array();
      for (const JsonTree& item : items) item.write(writer);
      return writer.end_array();
    case Kind::object:
      writer.begin_object();
      for (const auto& [name, member] : members) {
        writer.key(name);
        member.write(writer);
      }
      return writer.end_object();
  }
}

JsonTree json_tree(std::string_view text) { return JsonTreeReader(text).read(); }

void overlay(JsonTree& data, const JsonTree& aux) {
  if (data.kind != JsonTree::Kind::object || aux.kind != JsonTree::Kind::object) {
    data = aux;
    return;
  }
  for (const auto& [name, member] : aux.members) {
    auto [place, added] = data.members.try_emplace(name, member);
    if (!added) overlay(place->second, member);
  }
}

}  // namespace ctk::sink::testing
