// How a call that takes time gives its answer.
#pragma once

#include <functional>

#include "base/error.h"

namespace ctk {

/// Called once, on the loop, never from inside the call that it was given to.
template <class T>
using Done = std::move_only_function<void(Result<T>)>;

}  // namespace ctk
