// Where a run is: its phase, and its life of reading. The engine moves it; its halves look at it.
//
//   idle ──▶ starting ──▶ running ──▶ stopping ─▶ finishing ──▶ counting ──▶ ended
//               ▲            │╰───────────────────▶ │
//               ╰─next life──╯◀──not stored, tried again
//
// Each of them ends where an error does so.
#pragma once

#include <memory>
#include <utility>

#include "base/lifeline.h"
#include "relay/life.h"

namespace ctk::relay {

struct RunState {
  /// finishing: the last positions are being stored; counting: they are, the rows are swept and counted.
  enum class Phase { idle, starting, running, stopping, finishing, counting, ended };

  Phase phase = Phase::idle;
  std::unique_ptr<Life> life = std::make_unique<Life>();
  Lifeline lifeline;  ///< of the run: it ends with it, and where the run is broken off no completion comes any more

  bool ended() const { return phase == Phase::ended; }
  bool is_running() const { return phase == Phase::running; }
  bool is_finishing() const { return phase == Phase::finishing || phase == Phase::counting; }
  /// By a stop, or for having nothing more to do: what it holds is written and stored, and then given away.
  bool is_closing() const { return phase == Phase::stopping || is_finishing(); }
  /// It ends, or has ended: what it holds is not written any more.
  bool is_over() const { return is_finishing() || ended(); }
  /// What is held is to be dropped: nothing more is read, nor sent.
  bool is_dropping() const { return life->drop != Life::Drop::nothing; }

  void end() {
    phase = Phase::ended;
    lifeline.end();
  }
  /// A completion that does nothing once the run has ended; or this life of it; or this pass.
  template <class F>
  auto guarded(F function) const {
    return lifeline.guard(std::move(function));
  }
  template <class F>
  auto in_life(F function) const {
    return guarded(life->lifeline.guard(std::move(function)));
  }
  template <class F>
  auto in_pass(F function) const {
    return guarded(life->pass->guard(std::move(function)));
  }
};

}  // namespace ctk::relay
