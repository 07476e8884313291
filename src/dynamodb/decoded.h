// What comes of a record, and how it is asked for. Apart from the Decoder, whose parts bring the parser of JSON with them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/change.h"
#include "dynamodb/raw_record.h"

namespace ctk::dynamodb {

class Decoder;  // decode.h

/// A record, or one of its changes, that is no Change: kept as a dead letter.
struct Undecodable {
  uint32_t index_in_record = 0;
  std::string reason;  ///< "NewImage is missing in a MODIFY"
  std::string table;   ///< as far as known
  std::string key;     ///< as far as known, typed JSON
  std::string order;   ///< as far as known
  json::SharedText record;
};

struct Decoded {
  std::vector<Change> changes;
  std::vector<Undecodable> undecodable;
  size_t total() const { return changes.size() + undecodable.size(); }
  void clear() {
    changes.clear();
    undecodable.clear();
  }
};

struct DecodeOptions {
  /// Nothing for files whose first record has not been seen: then each change takes the kind its own form has.
  std::optional<VersionKind> kind;
  /// Whether changes keep their OldImage (deletes=soft wants it); else it is not even looked at.
  bool old_image = false;
  /// The order of each change, where it is known already; nothing: the one that follows from its record.
  std::optional<std::string_view> order = {};
  std::string_view shard = {}, position = {};  ///< of the record: Change::shard
};

}  // namespace ctk::dynamodb
