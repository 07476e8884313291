#include "table/type_tree.h"

#include <algorithm>

#include "table/paths.h"

namespace ctk::table {

namespace {

TypeTree& node_of(TypeTree& root, const Path& path) {
  TypeTree* at = &root;
  for (const std::string& name : path) {
    auto found = std::lower_bound(at->children.begin(), at->children.end(), name,
                                  [](const TypeTree& node, const std::string& wanted) { return node.name < wanted; });
    if (found == at->children.end() || found->name != name) {
      found = at->children.insert(found, TypeTree{name, {}, {}, {}});
    }
    at = &*found;
  }
  return *at;
}

}  // namespace

const TypeTree* TypeTree::child(std::string_view wanted) const {
  const auto found = std::lower_bound(children.begin(), children.end(), wanted,
                                      [](const TypeTree& node, std::string_view text) { return node.name < text; });
  return found == children.end() || found->name != wanted ? nullptr : &*found;
}

TypeTree TypeTree::make(const LearnedTypes& types, const TableOptions& options) {
  TypeTree root;
  for (const auto& [path, type] : types.paths) node_of(root, path).learned = type.kind;
  for (const auto& [text, type] : options.path_types) node_of(root, parse_path(text).value_or(Path{text})).declared = type;
  return root;
}

}  // namespace ctk::table
