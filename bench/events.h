// Change events as "Kinesis Data Streams for DynamoDB" writes them: made up, but of the same form, and the same for the
// same seed. They tell a consistent story: an item is inserted before it is modified, and each OldImage is the item's last
// NewImage.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ctk::bench {

struct EventOptions {
  uint64_t seed = 1;
  size_t count = 1000;
  size_t size = 1024;  ///< bytes of one event, about; events with one image only get a larger image
  std::string table = "orders";

  /// Shares of the operations; the events begin with inserts as long as there is nothing to modify.
  double inserts = 0.3, modifies = 0.6, removes = 0.1;
  /// Which of the living items a MODIFY or REMOVE hits: 0 all alike; towards 1 more and more the same few.
  double skew = 0;
  /// Items that exist before the first event (they were never inserted by it).
  size_t initial_items = 100;

  int64_t start_micros = 1'720'740'233'000'000;
  int64_t tick_micros = 137;
};

/// The events' JSON texts, one a record.
std::vector<std::string> make_events(const EventOptions& options);

/// Items of that table in DynamoDB JSON, of `size` bytes each, about, in the order in which a Scan meets them.
std::vector<std::string> make_items(size_t count, size_t size, uint64_t seed);

}  // namespace ctk::bench
