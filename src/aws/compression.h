// Whether a service is asked to compress its answers. Compressed they are an eighth of the bytes, and cost several times
// what reading them does: it pays where the link is the limit, which only the link can tell.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace ctk::aws {

enum class Compression { automatic, on, off };

/// Of one service at one endpoint. Begins without where it is left to the link; then long answers tell how fast that is.
/// Pure.
class CompressionChoice {
 public:
  explicit CompressionChoice(Compression wish) : wish_(wish), asked_for_(wish == Compression::on) {}

  /// Of the next call.
  bool is_asked_for() const { return asked_for_; }
  /// The body of an answer came in so many bytes, from the first to the last in so long.
  void came(size_t bytes, Duration transfer);

 private:
  Compression wish_;
  bool asked_for_;
  int answers_ = 0;  ///< that are counted in
  size_t bytes_ = 0;
  Duration transfer_{};
};

}  // namespace ctk::aws
