#include "relay/fold.h"

#include <memory_resource>
#include <string_view>
#include <unordered_map>

namespace ctk::relay {
namespace {

void insert_descending(sink::FoldedChange& folded, RoutedChange&& routed) {
  size_t at = 0;
  while (at < folded.changes.size() && folded.changes[at]->order > routed.change->order) ++at;
  folded.changes.insert(at, std::move(routed.change));
}

}  // namespace

std::vector<sink::FoldedChange> fold(std::vector<RoutedChange> changes, std::vector<sink::FoldedChange> spare) {
  std::vector<sink::FoldedChange> folded = std::move(spare);
  folded.resize(changes.size());
  constexpr size_t kBytesOfAKey = 64;  // of the map
  std::pmr::monotonic_buffer_resource memory((changes.size() + 1) * kBytesOfAKey);
  std::pmr::unordered_map<std::string_view, size_t> places(&memory);
  places.reserve(changes.size());
  for (RoutedChange& routed : changes) {
    // The view stays good: it points into a Change that `folded` keeps alive.
    const auto place = places.try_emplace(routed.change->key, places.size()).first;
    insert_descending(folded[place->second], std::move(routed));
  }
  folded.resize(places.size());
  return folded;
}

std::vector<sink::FoldedChange> one_by_one(std::vector<RoutedChange> changes, std::vector<sink::FoldedChange> spare) {
  std::vector<sink::FoldedChange> each = std::move(spare);
  each.resize(changes.size());
  for (size_t i = 0; i < changes.size(); ++i) insert_descending(each[i], std::move(changes[i]));
  return each;
}

}  // namespace ctk::relay
