// How the source of a run stands: what of it could ever be read, whether it still is the one that was opened, and where it
// ends as it should not. Pure: times are monotonic and come from the caller.
//
//   stream, table:  untried ──read──▶ readable
//   whose it is:    certain ──doubt──▶ in doubt, it is asked ──asked──▶ certain, for some time
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/time.h"

namespace ctk::relay {

/// What can be read of a source: records of its stream, items of its table.
enum class SourcePart { stream, table };

class SourceStanding {
 public:
  void read(SourcePart part) { readable_[static_cast<size_t>(part)] = true; }
  /// What was never allowed is not waited for: rights, keys and requests that the service does not take.
  bool is_useless(SourcePart part, ErrorKind kind) const {
    if (readable_[static_cast<size_t>(part)]) return false;
    return kind == ErrorKind::denied || kind == ErrorKind::skewed || kind == ErrorKind::refused;
  }

  /// A stream that was deleted and made again under its name refuses the old one's numbers, and would for ever. True: the
  /// source is to be asked who it is, which is no use too often.
  bool doubt(Duration now) {
    if (in_doubt_ || now < next_doubt_) return false;
    in_doubt_ = true;
    next_doubt_ = now + kDoubtEvery;
    return true;
  }
  void asked() { in_doubt_ = false; }

  /// What comes behind this cannot be read, ever.
  void end_with(Error error) { end_ = std::move(error); }
  const std::optional<Error>& end() const { return end_; }

 private:
  static constexpr Duration kDoubtEvery = std::chrono::seconds(10);

  std::array<bool, 2> readable_{};
  bool in_doubt_ = false;
  Duration next_doubt_{};
  std::optional<Error> end_;
};

}  // namespace ctk::relay
