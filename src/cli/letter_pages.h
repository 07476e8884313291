// All letters of a target, some at a time: they may be more than fits into memory.
#pragma once

#include <string>
#include <vector>

#include "cli/target_session.h"

namespace ctk::cli {

class LetterPages {
 public:
  explicit LetterPages(TargetSession& session) : session_(session) {}

  /// The next ones, in the order of their ids; none: that was all. Where the target has no such table there are none.
  Result<std::vector<sink::DeadLetter>> next();

 private:
  TargetSession& session_;
  std::string from_;
  bool ended_ = false;
};

}  // namespace ctk::cli
