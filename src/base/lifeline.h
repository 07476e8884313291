// For objects that hand out completions: what comes after their end finds nobody.
#pragma once

#include <memory>
#include <utility>

namespace ctk {

/// A member, the last one. `lifeline_.guard(f)` does what `f` does while its owner lives, and nothing afterwards.
class Lifeline {
 public:
  template <class F>
  auto guard(F function) const {
    return [alive = std::weak_ptr<char>(alive_), function = std::move(function)](auto&&... arguments) mutable {
      if (!alive.expired()) function(std::forward<decltype(arguments)>(arguments)...);
    };
  }

 private:
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace ctk
