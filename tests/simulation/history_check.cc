#include "simulation/history_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

namespace ctk::simulation {
namespace {

constexpr size_t kEpochPart = 9;  // "00000001."

/// What one key has in a history.
struct Story {
  const std::string& key;
  const KeptEvents& events;
  const std::map<std::string, StreamRecord>& recorded;
};

std::string shown_event(const Story& story, const KeptEvent& event) {
  return fmt::format("{} {} of {}", event.operation, event.place.version, story.key);
}

/// The change that an event is of; null where the stream has told of no such change.
const StreamRecord* change_of(const Story& story, const KeptEvent& event) {
  const std::string order = event.place.version.substr(std::min(event.place.version.size(), kEpochPart));
  auto place = story.recorded.upper_bound(order);
  if (place == story.recorded.begin()) return nullptr;
  --place;
  return order.starts_with(place->first) ? &place->second : nullptr;
}

std::string value_text(const std::optional<int>& value) { return value ? fmt::format("\"v\":{}", *value) : ""; }

/// Whether the content is this value, and not one that it begins.
bool shows_value(const std::string& data, const std::optional<int>& value) {
  if (!value) return data.empty();
  const std::string text = value_text(value);
  const size_t at = data.find(text);
  return at != std::string::npos && data.find_first_not_of("0123456789", at + text.size()) == at + text.size();
}

std::optional<std::string> wrong_event(const Story& story, const KeptEvent& event, std::set<const StreamRecord*>& found) {
  const StreamRecord* change = change_of(story, event);
  if (change == nullptr) return "the history has what never was: " + shown_event(story, event);
  if (!found.insert(change).second) return "the history has a change twice: " + shown_event(story, event);
  // Records of DynamoDB Streams have whole seconds.
  const bool at_its_time = event.place.from <= change->time && change->time - event.place.from < std::chrono::seconds(1);
  const bool right = event.operation == change->operation && event.by_time_to_live == change->expired && !change->refused &&
                     at_its_time && shows_value(event.data, change->value);
  if (!right) return "the history shows a change as it was not: " + shown_event(story, event) + " " + event.data;
  return {};
}

/// A load's row: one an epoch, of something that the item was.
std::optional<std::string> wrong_load(const Story& story, const KeptEvent& event, const History& items,
                                      std::set<std::string>& epochs) {
  if (!epochs.insert(event.place.version.substr(0, kEpochPart)).second)
    return "the history has two rows of one load: " + shown_event(story, event);
  const auto item =
      std::ranges::find_if(items, [&](const auto& each) { return story.key.contains("\"" + each.first + "\""); });
  const bool was = item != items.end() && std::ranges::any_of(item->second, [&](const Moment& moment) {
                     return moment.value && shows_value(event.data, moment.value);
                   });
  if (!was || event.operation != "load") return "a load's row shows what never was: " + shown_event(story, event);
  return {};
}

/// Each event ends where the next one begins.
std::optional<std::string> wrong_ends(const Story& story) {
  for (auto event = story.events.begin(); event != story.events.end(); ++event) {
    const auto next = std::next(event);
    const std::optional<Timestamp> end = next == story.events.end() ? std::nullopt : std::optional(next->second.place.from);
    if (event->second.place.to != end)
      return "an event does not end where the next one begins: " + shown_event(story, event->second);
  }
  return {};
}

std::optional<std::string> wrong_story(const Story& story, const History& items, Timestamp due) {
  std::set<const StreamRecord*> found;
  std::set<std::string> epochs;
  for (const auto& [version, event] : story.events) {
    const bool loaded = std::string_view(version).substr(kEpochPart).starts_with("0.");
    auto wrong = loaded ? wrong_load(story, event, items, epochs) : wrong_event(story, event, found);
    if (wrong) return wrong;
  }
  for (const auto& [order, change] : story.recorded) {
    if (change.refused || change.time < due || found.contains(&change)) continue;
    return fmt::format("the history lacks {} {} of {}", change.operation, order, story.key);
  }
  return wrong_ends(story);
}

}  // namespace

std::optional<std::string> wrong_in_history(const KeptHistory& kept, const RecordedChanges& recorded, const History& items,
                                            Timestamp due) {
  static const KeptEvents kNothing;
  static const std::map<std::string, StreamRecord> kNoChanges;
  std::set<std::string> keys;
  for (const auto& [key, events] : kept) keys.insert(key);
  for (const auto& [key, changes] : recorded) keys.insert(key);
  for (const std::string& key : keys) {
    const auto events = kept.find(key);
    const auto changes = recorded.find(key);
    const Story story{key, events == kept.end() ? kNothing : events->second,
                      changes == recorded.end() ? kNoChanges : changes->second};
    if (auto wrong = wrong_story(story, items, due)) return wrong;
  }
  return {};
}

}  // namespace ctk::simulation
