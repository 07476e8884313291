// When the log speaks of dead letters. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace ctk::relay {

/// At the first one at once, then at most once a minute: a target that refuses a million rows fills no log.
class LetterNotice {
 public:
  /// Some were kept. Of how many to speak now, those since the last time included; of none: it is too soon.
  uint64_t take(uint64_t letters, Duration now);

 private:
  uint64_t unsaid_ = 0;
  std::optional<Duration> said_at_;
};

}  // namespace ctk::relay
