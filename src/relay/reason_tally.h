// Which reason the dead letters of a run have most often.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace ctk::relay {

/// At most 200 bytes of it, whole characters.
std::string shortened(const std::string& reason);

class ReasonTally {
 public:
  void add(const std::string& reason);
  /// One of the reasons that occur most often, as it was given, shortened; empty where there are none.
  const std::string& commonest() const { return commonest_; }

 private:
  /// Numbers left out, since they are mostly those of places and values.
  std::map<std::string, uint64_t> counts_;
  uint64_t most_ = 0;
  std::string commonest_;
};

}  // namespace ctk::relay
