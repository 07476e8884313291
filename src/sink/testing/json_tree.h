// JSON as a tree that keeps numbers as numbers of any size: what tests compare items with.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ctk::json {
class Writer;
}

namespace ctk::sink::testing {

struct JsonTree {
  enum class Kind { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  std::string text;  ///< string; canonical digits; "true", "false"
  std::vector<JsonTree> items;
  std::map<std::string, JsonTree> members;

  bool operator==(const JsonTree&) const = default;

  /// One text for one value: members sorted, numbers canonical.
  std::string str() const;
  void write(json::Writer& writer) const;
};

/// Reads well-formed JSON; numbers keep their digits (simdjson would round them).
JsonTree json_tree(std::string_view text);

/// `aux` over `data`: maps are merged, everything else replaces.
void overlay(JsonTree& data, const JsonTree& aux);

}  // namespace ctk::sink::testing
