// Answers that are known at once, to calls that give them later.
#pragma once

#include <utility>

#include "base/done.h"
#include "base/event_loop.h"
#include "base/lifeline.h"

namespace ctk {

/// Calls `done` from the loop, as Done asks for; not where the owner of `lifeline` has gone by then.
template <class T>
void answer_later(EventLoop& loop, const Lifeline& lifeline, Done<T> done, Result<T> result) {
  loop.post(lifeline.guard([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); }));
}

}  // namespace ctk
