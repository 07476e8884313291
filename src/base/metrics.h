// What the program counts, for whoever watches it. A registry is made once, in main, and passed to whoever counts; what it
// prints is the text format of Prometheus (version 0.0.4).
//
//   Counter& sent = metrics.counter("ctk_http_requests_total", "Requests that were sent.", {{"peer", "localhost:8000"}});
//   sent.add();
//   metrics.text();   // # HELP ctk_http_requests_total Requests that were sent. …
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ctk {

/// How much of it there was since the start: it only grows. From any thread, as all of these.
class Counter {
 public:
  void add(uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

/// How much of it there is now.
class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

/// How many observations were at most so large, by upper bounds that grow.
class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds);

  void observe(double value);
  const std::vector<double>& bounds() const { return bounds_; }
  /// Observations at most as large as each bound; the last are all of them.
  std::vector<uint64_t> cumulated() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::vector<double> bounds_;
  std::vector<std::atomic<uint64_t>> counts_;  ///< one a bound, and one for what is larger
  std::atomic<double> sum_ = 0;
};

/// Names of labels and their values. Few values: each combination is kept until it is removed.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// What it gives stays where it is until it is removed; the same name and labels give the same again. A name has
/// one kind: to ask for another is a bug, and throws std::logic_error.
class Metrics {
 public:
  Counter& counter(const std::string& name, std::string_view help, Labels labels = {});
  Gauge& gauge(const std::string& name, std::string_view help, Labels labels = {});
  Histogram& histogram(const std::string& name, std::string_view help, const std::vector<double>& bounds,
                       Labels labels = {});

  /// That series is no more: what it stood for is gone. No reference to it is used from then on.
  void remove(const std::string& name, Labels labels);

  /// All of them, by name and labels.
  std::string text() const;

 private:
  using Series = std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>>;
  struct Family {
    std::string help;
    std::map<Labels, Series> series;
  };
  template <class T, class Make>
  T& find(const std::string& name, std::string_view help, Labels labels, Make make);

  mutable std::mutex mutex_;
  std::map<std::string, Family> families_;
};

}  // namespace ctk
