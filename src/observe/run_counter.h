// A counter of a relay that lasts over its runs, each of which counts from nothing.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/metrics.h"

namespace ctk::observe {

class RunCounter {
 public:
  RunCounter(Metrics& metrics, std::string name, const char* help, Labels labels)
      : counter_(&metrics.counter(name, help, labels)), name_(std::move(name)), labels_(std::move(labels)) {}

  /// `count`: of this run, at least as high as before.
  void update(uint64_t count) {
    const uint64_t there = counter_->value(), now = before_ + count;
    if (now > there) counter_->add(now - there);
  }
  void begin_run() { before_ = counter_->value(); }
  /// It is no more, and not updated from now on.
  void remove(Metrics& metrics) const { metrics.remove(name_, labels_); }

 private:
  Counter* counter_;
  std::string name_;
  Labels labels_;
  uint64_t before_ = 0;  ///< by earlier runs
};

}  // namespace ctk::observe
