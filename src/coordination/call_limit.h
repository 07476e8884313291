// A bound to the wait for an answer of the lease table's: whoever holds a lease must know more by then.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "base/task.h"

namespace ctk::coordination {

/// `done` with the first of an answer and the end of the time, while `owner`, a task group or a lifeline, is there. On the
/// loop.
template <class T, class Owner>
Done<T> within(Duration limit, EventLoop& loop, Owner& owner, Done<T> done) {
  struct Race {
    Done<T> done;
    EventLoop::TimerId timer = 0;
  };
  auto race = std::make_shared<Race>(Race{std::move(done)});
  race->timer = loop.after(limit, owner.guard([race, limit] {
    if (auto late = std::exchange(race->done, nullptr)) {
      late(fail(ErrorKind::unreachable, fmt::format("the lease table gave no answer within {}", format_duration(limit))));
    }
  }));
  return owner.guard([&loop, race](Result<T> answer) {
    if (auto waiting = std::exchange(race->done, nullptr)) {
      loop.cancel(race->timer);
      waiting(std::move(answer));
    }
  });
}

}  // namespace ctk::coordination
