#include "observe/progress_display.h"

#include <utility>

namespace ctk::observe {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLiveEvery = 500ms;
constexpr Duration kPlainEveryAtFirst = 10s, kPlainEvery = 1min;

/// The first `columns` characters; never half of a UTF-8 sequence.
std::string cut(std::string text, int columns) {
  size_t at = 0;
  for (int shown = 0; at < text.size() && shown < columns; ++shown) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  }
  text.resize(at);
  return text;
}

}  // namespace

ProgressDisplay::ProgressDisplay(std::function<ProgressText()> look, Clock& clock, Log& log, Terminal& terminal)
    : look_(std::move(look)),
      clock_(clock),
      log_(log),
      terminal_(terminal),
      begun_at_(clock.monotonic()),
      shown_at_(begun_at_) {}

ProgressDisplay::~ProgressDisplay() { terminal_.set_live_line(""); }

Duration ProgressDisplay::every() const {
  if (terminal_.live()) return kLiveEvery;
  return shown_at_ - begun_at_ < kPlainEvery ? kPlainEveryAtFirst : kPlainEvery;
}

void ProgressDisplay::show() {
  shown_at_ = clock_.monotonic();
  ProgressText text = look_();
  if (terminal_.live()) {
    terminal_.set_live_line(cut(std::move(text.line), terminal_.columns() - 1));
  } else if (log_.enabled(LogLevel::info)) {
    log_.write(LogLevel::info, text.message, text.fields);
  }
}

void ProgressDisplay::show_if_due() {
  if (clock_.monotonic() - shown_at_ >= every()) show();
}

ProgressReporter::ProgressReporter(std::function<ProgressText()> look, EventLoop& loop, Clock& clock, Log& log,
                                   Terminal& terminal)
    : loop_(loop), display_(std::move(look), clock, log, terminal) {
  arm();
}

ProgressReporter::~ProgressReporter() { loop_.cancel(timer_); }

void ProgressReporter::arm() {
  timer_ = loop_.after(display_.every(), [this] {
    display_.show();
    arm();
  });
}

}  // namespace ctk::observe
