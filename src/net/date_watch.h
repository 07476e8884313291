// How far our clock is from that of whoever answers, told by the Date headers of all their answers, refusals too.
#pragma once

#include <optional>
#include <utility>

#include "base/lifeline.h"
#include "net/http.h"

namespace ctk::net {

/// An HTTP client that passes everything on and looks at the dates. Used on the loop; client and clock outlive it.
class DateWatch final : public HttpClient {
 public:
  DateWatch(HttpClient& http, Clock& clock) : http_(http), clock_(clock) {}

  void send(HttpRequest request, HttpDone done) override {
    http_.send(std::move(request), lifeline_.guard([this, done = std::move(done)](Result<HttpResponse> answer) mutable {
      if (answer && answer->date()) off_ = *answer->date() - clock_.now();
      done(std::move(answer));
    }));
  }

  /// The peer's clock less ours, of the last answer with a date: whole seconds, rounded down, less the way back.
  std::optional<Duration> off() const { return off_; }

 private:
  HttpClient& http_;
  Clock& clock_;
  std::optional<Duration> off_;
  Lifeline lifeline_;
};

}  // namespace ctk::net
