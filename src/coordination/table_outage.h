// Whether calls of a table work, over many of them: what is wrong is worth a line once it will not pass by itself, or has
// lasted, and once only. Pure.
#pragma once

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/time.h"

namespace ctk::coordination {

class TableOutage {
 public:
  /// `patience`: for so long a failure that may pass is nobody's business.
  explicit TableOutage(Duration patience) : patience_(patience) {}

  /// True where it is to be said now.
  bool failed(const Error& error, bool is_passing, Duration now) {
    if (!error_) since_ = now;
    // A reason that stays is not hidden by one that passes.
    if (!error_ || !is_passing) error_ = error;
    lasting_ = lasting_ || !is_passing;
    return tells(now) && !std::exchange(told_, true);
  }
  /// For how long it had not; nothing where nobody was told.
  std::optional<Duration> worked(Duration now) {
    const bool was_told = std::exchange(told_, false);
    error_.reset();
    lasting_ = false;
    return was_told ? std::optional(now - since_) : std::nullopt;
  }

  /// What is wrong, once it is worth a line.
  const Error* error(Duration now) const { return error_ && tells(now) ? &*error_ : nullptr; }
  Duration since() const { return since_; }

 private:
  bool tells(Duration now) const { return lasting_ || now >= since_ + patience_; }

  Duration patience_;
  std::optional<Error> error_;
  Duration since_{};
  bool lasting_ = false;  ///< it will not pass by itself
  bool told_ = false;
};

}  // namespace ctk::coordination
