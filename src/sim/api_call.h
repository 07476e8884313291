// The way to a simulated service and back, on a loop: what every typed adapter (in_process_kinesis.h, …) has in common.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "aws/errors.h"
#include "base/done.h"
#include "base/event_loop.h"
#include "base/random.h"
#include "sim/faults.h"
#include "sim/service_error.h"

namespace ctk::sim {

struct ApiEnvironment {
  EventLoop& loop;
  Clock& clock;
  Random& random;
  FaultObserver on_fault = {};
  EventLoop* caller = nullptr;  ///< where answers are handed over, if not on `loop`
};

struct ApiSettings {
  Duration way = std::chrono::milliseconds(2);  ///< of a request there, and of an answer back
  Duration timeout = std::chrono::seconds(30);  ///< after which a lost request or answer is noticed
  FaultKnobs faults;
  bool down = false;  ///< nobody answers: every call is `unreachable` at once
};

/// The refusal as the real adapter would hand it on.
Error to_error(std::string_view action, const ServiceError& refusal);
/// No answer to `action` ever came.
std::unexpected<Error> lost_call(std::string_view action);
/// `too_large` in the place of an answer of which not even the first entry has room.
std::unexpected<Error> too_large(std::string_view action, size_t most);

/// `done`, given no more than the first entries of an answer that has more bytes than were asked for (`most` 0: unbounded).
/// `shorten(page, most)` drops what is behind them.
template <class T, class Shorten>
Done<T> at_most(size_t most, const char* action, Shorten shorten, Done<T> done) {
  return [most, action, shorten, done = std::move(done)](Result<T> result) mutable {
    if (!result || most == 0 || result->answer_bytes <= most) return done(std::move(result));
    result->cut_off = true;
    shorten(*result, most);
    done(result->answer_bytes == 0 ? Result<T>(too_large(action, most)) : std::move(result));
  };
}

/// Keeps the first `entries` that have room in `most` bytes; gives the bytes of those. `size(entry)`: its bytes.
template <class Entry, class Size>
size_t keep_first(std::vector<Entry>& entries, size_t most, Size size) {
  size_t kept = 0, bytes = 0;
  while (kept < entries.size() && bytes + size(entries[kept]) <= most) bytes += size(entries[kept++]);
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(kept), entries.end());
  return bytes;
}

class ApiCall {
 public:
  ApiCall(ApiEnvironment environment, ApiSettings settings, ServiceName service)
      : environment_(std::move(environment)), settings_(settings), service_(service) {}

  ApiSettings& settings() { return settings_; }

  /// Carries one call there and back: `work(now, fault)` runs at the service and gives an Answer<T>. `action` outlives it.
  template <class T, class Work>
  void carry(const char* action, CallKind kind, Work work, Done<T> done) {
    if (settings_.down) {
      caller().post([action, done = std::move(done)]() mutable { done(lost_call(action)); });
      return;
    }
    const Fate fate = draw_fate(settings_.faults, kind, environment_.random);
    if (environment_.on_fault) {
      if (fate.fault != Fault::none) environment_.on_fault(action, to_string(fate.fault));
      if (fate.delay > Duration{}) environment_.on_fault(action, "slow");
    }
    if (fate.fault == Fault::lost_request) {
      caller().after(settings_.timeout, [action, done = std::move(done)]() mutable { done(lost_call(action)); });
      return;
    }
    environment_.loop.after(settings_.way, [this, action, fate, work = std::move(work), done = std::move(done)]() mutable {
      const bool answer_lost = fate.fault == Fault::lost_answer;
      Answer<T> answer = is_refusal(fate.fault) ? Answer<T>(std::unexpected(injected(fate.fault, service_)))
                                                : work(environment_.clock.now(), fate.fault);
      Result<T> result = answer_lost ? Result<T>(lost_call(action))
                         : answer    ? Result<T>(std::move(*answer))
                                     : Result<T>(std::unexpected(to_error(action, answer.error())));
      const Duration back = answer_lost ? settings_.timeout : settings_.way + fate.delay;
      environment_.loop.after(back,
                              [result = std::move(result), done = std::move(done)]() mutable { done(std::move(result)); });
    });
  }

 private:
  EventLoop& caller() { return environment_.caller != nullptr ? *environment_.caller : environment_.loop; }

  ApiEnvironment environment_;
  ApiSettings settings_;
  ServiceName service_;
};

}  // namespace ctk::sim
