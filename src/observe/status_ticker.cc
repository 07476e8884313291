#include "observe/status_ticker.h"

#include <utility>

namespace ctk::observe {
namespace {

constexpr Duration kTick = std::chrono::seconds(1);

}  // namespace

StatusTicker::StatusTicker(Look look, Show show, EventLoop& loop)
    : look_(std::move(look)), show_(std::move(show)), loop_(loop) {
  tick();
}

StatusTicker::~StatusTicker() {
  loop_.cancel(timer_);
  show_(look_());
}

void StatusTicker::tick() {
  show_(look_());
  timer_ = loop_.after(kTick, [this] { tick(); });
}

}  // namespace ctk::observe
