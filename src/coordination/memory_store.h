// `positions=memory`: the store that forgets.
#pragma once

#include <memory>

#include "base/event_loop.h"
#include "coordination/position_store.h"

namespace ctk::coordination {

std::unique_ptr<PositionStore> make_memory_store(EventLoop& loop, Clock& clock);

}  // namespace ctk::coordination
