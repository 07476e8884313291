// For objects that hand out completions: what comes after their end finds nobody.
#pragma once

#include <memory>
#include <utility>

namespace ctk {

/// A member, the last one. `lifeline_.guard(f)` does what `f` does while its owner lives, and nothing afterwards.
///
/// It ends where the guarded functions run: on the loop, or once the loop no longer runs. `guard` itself may be called on
/// any thread while the owner lives.
class Lifeline {
 public:
  template <class F>
  auto guard(F function) const {
    return [sight = sight(), function = std::move(function)](auto&&... arguments) mutable {
      if (sight.alive()) function(std::forward<decltype(arguments)>(arguments)...);
    };
  }

  /// Tells whoever may outlive the owner whether it is still there.
  class Sight {
   public:
    bool alive() const { return !alive_.expired(); }

   private:
    friend class Lifeline;
    explicit Sight(const std::shared_ptr<char>& alive) : alive_(alive) {}
    std::weak_ptr<char> alive_;
  };
  Sight sight() const { return Sight(alive_); }

  /// From now on as if its owner were gone: also for what is guarded later.
  void end() { alive_.reset(); }

 private:
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace ctk
