// What a preflight has found out about one thing. The room `check`: probes gather what is seen of source and target without
// changing anything, pure functions judge it, and the permissions that a source takes are data. It must not know the
// command line.
#pragma once

#include <string>
#include <vector>

namespace ctk::check {

enum class Verdict {
  ok,
  warn,  ///< a run works, or nobody knows; worth a look
  fail,  ///< a run would not work
};

struct Finding {
  Verdict verdict = Verdict::ok;
  std::string check;      ///< what was looked at: "clock", "permission dynamodb:Scan"
  std::string seen;       ///< what was seen
  std::string hint = {};  ///< what to do about it; empty where nothing is to be done
  bool operator==(const Finding&) const = default;
};
using Findings = std::vector<Finding>;

}  // namespace ctk::check
