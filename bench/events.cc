#include "events.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/random.h"

namespace ctk::bench {
namespace {

struct Item {
  uint64_t number = 0;
  uint64_t revision = 0;
};

/// What an event holds beside its images: envelope, keys, time.
constexpr size_t kEnvelopeBytes = 420;
/// An image without its note.
constexpr size_t kImageBytes = 330;

std::string keys_json(const Item& item) {
  return fmt::format(R"("customer":{{"S":"customer-{:06}"}},"order":{{"N":"{}"}})", item.number / 8, 100000 + item.number);
}

std::string words(Random& random, size_t size) {
  static constexpr const char* kWords[] = {"deliver", "to", "the", "back", "door", "please", "ring", "twice", "größe"};
  std::string text;
  while (text.size() < size) {
    if (!text.empty()) text += ' ';
    text += kWords[random.below(std::size(kWords))];
  }
  return text;
}

std::string lines_json(Random& random) {
  std::string text;
  for (uint64_t i = 0, lines = 1 + random.below(2); i < lines; ++i) {
    text += fmt::format(R"({}{{"M":{{"sku":{{"S":"sku-{:05}"}},"n":{{"N":"{}"}}}}}})", i == 0 ? "" : ",",
                        random.below(100000), 1 + random.below(9));
  }
  return text;
}

/// The item as it is at its revision; always the same text for the same item, revision and size.
std::string image_json(uint64_t seed, const Item& item, size_t size) {
  static constexpr const char* kStates[] = {"new", "paid", "packed", "shipped", "returned"};
  Random random(seed ^ (item.number * 0x9e3779b97f4a7c15 + item.revision));
  std::string text = fmt::format(
      R"({{"total":{{"N":"{}.{:02}"}},"state":{{"S":"{}"}},"lines":{{"L":[{}]}},)"
      R"("address":{{"M":{{"city":{{"S":"Bregenz"}},"zip":{{"S":"{}"}}}}}},"gift":{{"BOOL":{}}},)"
      R"("tags":{{"SS":["a{}","web"]}},"revision":{{"N":"{}"}},{})",
      random.below(1000), random.below(100), kStates[item.revision % std::size(kStates)], lines_json(random),
      6900 + random.below(99), random.below(2) == 0 ? "true" : "false", random.below(9), item.revision, keys_json(item));
  if (size > kImageBytes + 30) text += fmt::format(R"(,"note":{{"S":"{}"}})", words(random, size - kImageBytes - 20));
  return text + "}";
}

class Story {
 public:
  explicit Story(const EventOptions& options) : options_(options), random_(options.seed), micros_(options.start_micros) {
    for (size_t i = 0; i < options.initial_items; ++i) living_.push_back({next_number_++, 0});
  }

  std::string next() {
    double roll = random_.fraction() * (options_.inserts + options_.modifies + options_.removes);
    if (living_.empty() || roll < options_.inserts) return insert();
    size_t at = pick();
    return roll < options_.inserts + options_.modifies ? modify(at) : remove(at);
  }

 private:
  size_t pick() {
    double spread = 1 / std::max(1 - options_.skew, 0.01);
    auto at = static_cast<size_t>(std::pow(random_.fraction(), spread) * static_cast<double>(living_.size()));
    return std::min(at, living_.size() - 1);
  }

  std::string insert() {
    living_.push_back({next_number_++, 0});
    return event("INSERT", living_.back(), R"(,"NewImage":)" + image(living_.back(), 1));
  }

  std::string modify(size_t at) {
    Item old = living_[at];
    ++living_[at].revision;
    return event("MODIFY", old, R"(,"NewImage":)" + image(living_[at], 2) + R"(,"OldImage":)" + image(old, 2));
  }

  std::string remove(size_t at) {
    Item old = living_[at];
    living_[at] = living_.back();
    living_.pop_back();
    return event("REMOVE", old, R"(,"OldImage":)" + image(old, 1));
  }

  std::string image(const Item& item, size_t images) const {
    size_t room = options_.size > kEnvelopeBytes ? options_.size - kEnvelopeBytes : 0;
    return image_json(options_.seed, item, room / images);
  }

  std::string uuid() {
    std::string hex = random_.hex(32);
    return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                       hex.substr(20));
  }

  std::string event(const char* name, const Item& item, const std::string& images) {
    micros_ += options_.tick_micros;
    return fmt::format(
        R"({{"awsRegion":"us-east-1","eventID":"{}","eventName":"{}","userIdentity":null,)"
        R"("recordFormat":"application/json","tableName":"{}","dynamodb":{{"ApproximateCreationDateTime":{},)"
        R"("Keys":{{{}}}{},"SizeBytes":{},"ApproximateCreationDateTimePrecision":"MICROSECOND"}},)"
        R"("eventSource":"aws:dynamodb"}})",
        uuid(), name, options_.table, micros_, keys_json(item), images, images.size() / 2);
  }

  const EventOptions& options_;
  Random random_;
  int64_t micros_;
  uint64_t next_number_ = 0;
  std::vector<Item> living_;
};

}  // namespace

std::vector<std::string> make_events(const EventOptions& options) {
  Story story(options);
  std::vector<std::string> events;
  events.reserve(options.count);
  for (size_t i = 0; i < options.count; ++i) events.push_back(story.next());
  return events;
}

std::vector<std::string> make_items(size_t count, size_t size, uint64_t seed) {
  // A Scan's order is that of a hash of the key: none that a person would see.
  std::vector<uint64_t> numbers(count);
  for (uint64_t i = 0; i < count; ++i) numbers[i] = i;
  Random random(seed);
  for (size_t i = count; i > 1; --i) std::swap(numbers[i - 1], numbers[random.below(i)]);
  std::vector<std::string> items;
  items.reserve(count);
  for (const uint64_t number : numbers) items.push_back(image_json(seed, {number, 0}, size));
  return items;
}

}  // namespace ctk::bench
