#include "sink/sql/refusals.h"

#include <algorithm>

namespace ctk::sink::sql {

Blame blame(const RefusedRows& refused) {
  if (refused.tries >= kPatience) return Blame::rows;
  if (refused.conflict && refused.taken > 0 && refused.tries >= kConflictPatience) return Blame::rows;
  if (may_pass(refused.kind)) return Blame::target;
  if (refused.taken > 0 || refused.refused_before) return Blame::rows;
  // All of them. At the start of a run nothing shows yet that this target takes anything.
  const bool row_security = refused.kind == ErrorKind::denied;
  return row_security && (refused.written_before || refused.refused == 1) ? Blame::rows : Blame::target;
}

int Tries::next(const std::shared_ptr<const void>& batch) {
  std::erase_if(counted_, [](const Counted& each) { return each.batch.expired(); });
  const auto found = std::ranges::find_if(counted_, [&](const Counted& each) { return each.batch.lock() == batch; });
  if (found != counted_.end()) return ++found->tries;
  counted_.push_back({batch, 1});
  return 1;
}

}  // namespace ctk::sink::sql
