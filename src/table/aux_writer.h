// The content of `aux`: one partial item in DynamoDB JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/value.h"
#include "table/projection.h"

namespace ctk::table {

/// Takes values in document order, with the names of the maps around them, and opens `{"M":{…}}` along the way only
/// where something is put.
///   AuxWriter aux; aux.put({"a"}, "b", value, nullptr); aux.leave(1); aux.finish()   →  {"a":{"M":{"b":{"N":"1"}}}}
class AuxWriter {
 public:
  void put(const std::vector<std::string_view>& parents, std::string_view name, dynamodb::Value value,
           const Projection* inside);
  /// The walk leaves a map that lies `depth` names below the top.
  void leave(size_t depth);
  bool empty() const { return out_.empty(); }
  /// The text; every map must have been left.
  std::string finish();

 private:
  void begin_member(std::string_view name);

  std::string out_;
  size_t open_ = 0;
};

/// DynamoDB JSON of a value under a projection: `{"M":{…}}` with what is kept, under its new names.
void append_projected(std::string& out, dynamodb::Value value, const Projection* inside);

}  // namespace ctk::table
