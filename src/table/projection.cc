#include "table/projection.h"

#include <algorithm>

#include "table/paths.h"

namespace ctk::table {

namespace {

using Members = std::vector<Projection::Member>;

Members::const_iterator find_member(const Members& members, std::string_view name) {
  return std::lower_bound(members.begin(), members.end(), name,
                          [](const Projection::Member& member, std::string_view wanted) { return member.name < wanted; });
}

/// The member `name`, made where it was not listed, with the fate that it had.
Projection::Member& member_of(Projection& projection, const std::string& name) {
  const auto found = find_member(projection.members, name);
  const auto index = found - projection.members.begin();
  if (found == projection.members.end() || found->name != name) {
    projection.members.insert(found, Projection::Member{name, projection.others, {}, nullptr});
  }
  return projection.members[static_cast<size_t>(index)];
}

void include(Projection& root, const Path& path) {
  Projection* at = &root;
  for (size_t i = 0; i < path.size(); ++i) {
    const bool known = find_member(at->members, path[i]) != at->members.end() && member_of(*at, path[i]).kept;
    Projection::Member& member = member_of(*at, path[i]);
    if (known && member.inside == nullptr) return;
    member.kept = true;
    if (i + 1 == path.size()) {
      member.inside.reset();
      return;
    }
    if (member.inside == nullptr) {
      member.inside = std::make_unique<Projection>();
      member.inside->others = false;
    }
    at = member.inside.get();
  }
}

/// The member at the end of `path`; nothing where the way there is not kept.
Projection::Member* reach(Projection& root, const Path& path, bool renames) {
  Projection* at = &root;
  for (size_t i = 0;; ++i) {
    at->renames = at->renames || renames;
    Projection::Member& member = member_of(*at, path[i]);
    if (i + 1 == path.size()) return &member;
    if (!member.kept) return nullptr;
    if (member.inside == nullptr) member.inside = std::make_unique<Projection>();
    at = member.inside.get();
  }
}

}  // namespace

Projection::Step Projection::step(dynamodb::Value child) const {
  const std::string_view name = child.name();
  const auto found = find_member(members, name);
  if (found == members.end() || found->name != name) return {others, name, nullptr};
  if (!found->kept) return {false, name, nullptr};
  const bool map = child.type() == dynamodb::Type::M;
  // Only something inside was asked for, and there is no inside.
  if (!map && found->inside != nullptr && !found->inside->others) return {false, name, nullptr};
  return {true, found->renamed ? std::string_view(*found->renamed) : name, map ? found->inside.get() : nullptr};
}

std::unique_ptr<Projection> Projection::make(const TableOptions& options, const std::vector<std::string>& keys) {
  if (options.include.empty() && options.exclude.empty() && options.rename.empty()) return nullptr;
  auto root = std::make_unique<Projection>();
  if (!options.include.empty()) {
    root->others = false;
    for (const std::string& key : keys) include(*root, {key});
  }
  for (const std::string& text : options.include) include(*root, parse_path(text).value_or(Path{text}));
  for (const std::string& text : options.exclude) {
    Member* member = reach(*root, parse_path(text).value_or(Path{text}), false);
    if (member != nullptr) member->kept = false;
  }
  for (const auto& [text, name] : options.rename) {
    Member* member = reach(*root, parse_path(text).value_or(Path{text}), true);
    if (member != nullptr) member->renamed = name;
  }
  return root;
}

std::optional<Path> find_rename_conflict(dynamodb::Value map, const Projection& projection) {
  if (!projection.renames) return std::nullopt;
  std::vector<std::string_view> names;
  for (const dynamodb::Value child : map) {
    const Projection::Step step = projection.step(child);
    if (!step.kept) continue;
    names.push_back(step.name);
    if (step.inside == nullptr) continue;
    std::optional<Path> deeper = find_rename_conflict(child, *step.inside);
    if (!deeper) continue;
    deeper->insert(deeper->begin(), std::string(step.name));
    return deeper;
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return std::nullopt;
  return Path{std::string(*twice)};
}

}  // namespace ctk::table
