#include "relay/fold.h"

#include <string_view>
#include <unordered_map>

namespace ctk::relay {
namespace {

void insert_descending(sink::FoldedChange& folded, RoutedChange&& routed) {
  size_t at = 0;
  while (at < folded.changes.size() && folded.changes[at]->order > routed.change->order) ++at;
  const auto offset = static_cast<std::ptrdiff_t>(at);
  folded.changes.insert(folded.changes.begin() + offset, std::move(routed.change));
  folded.positions.insert(folded.positions.begin() + offset, std::move(routed.position));
  folded.shards.insert(folded.shards.begin() + offset, std::move(routed.shard));
}

}  // namespace

std::vector<sink::FoldedChange> fold(std::vector<RoutedChange> changes) {
  std::vector<sink::FoldedChange> folded;
  folded.reserve(changes.size());
  std::unordered_map<std::string_view, size_t> places;
  places.reserve(changes.size());
  for (RoutedChange& routed : changes) {
    // The view stays good: it points into a Change that `folded` keeps alive.
    const auto [place, fresh] = places.try_emplace(routed.change->key, folded.size());
    if (fresh) folded.emplace_back();
    insert_descending(folded[place->second], std::move(routed));
  }
  return folded;
}

std::vector<sink::FoldedChange> one_by_one(std::vector<RoutedChange> changes) {
  std::vector<sink::FoldedChange> each(changes.size());
  for (size_t i = 0; i < changes.size(); ++i) insert_descending(each[i], std::move(changes[i]));
  return each;
}

}  // namespace ctk::relay
