// https://prometheus.io/docs/instrumenting/exposition_formats, "Text-based format":
//
//   # HELP NAME TEXT
//   # TYPE NAME counter | gauge | histogram
//   NAME [ "{" LABEL "=" '"' VALUE '"' { "," … } "}" ] " " NUMBER
//
// In a value `\`, `"` and line ends are escaped, in a text `\` and line ends. A histogram has NAME_bucket with the label
// `le` for each bound and "+Inf", NAME_sum and NAME_count.
#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace ctk {
namespace {

std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (c == '"' && quotes)) out += '\\';
    out += c;
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string in_braces(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "{" : ",", name, escaped(value, true));
  }
  return text.empty() ? text : text + "}";
}

void append(std::string& out, const std::string& name, const Labels& labels, const Counter& counter) {
  out += fmt::format("{}{} {}\n", name, in_braces(labels), counter.value());
}

void append(std::string& out, const std::string& name, const Labels& labels, const Gauge& gauge) {
  out += fmt::format("{}{} {}\n", name, in_braces(labels), number(gauge.value()));
}

void append(std::string& out, const std::string& name, const Labels& labels, const Histogram& histogram) {
  const std::vector<uint64_t> counts = histogram.cumulated();
  Labels with_bound = labels;
  with_bound.emplace_back("le", "");
  for (size_t i = 0; i < counts.size(); ++i) {
    with_bound.back().second = i < histogram.bounds().size() ? number(histogram.bounds()[i]) : "+Inf";
    out += fmt::format("{}_bucket{} {}\n", name, in_braces(with_bound), counts[i]);
  }
  out += fmt::format("{}_sum{} {}\n", name, in_braces(labels), number(histogram.sum()));
  out += fmt::format("{}_count{} {}\n", name, in_braces(labels), counts.back());
}

constexpr std::string_view kKinds[] = {"counter", "gauge", "histogram"};  // in the order of Metrics::Series

}  // namespace

Histogram::Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

void Histogram::observe(double value) {
  const auto place = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  counts_[static_cast<size_t>(place)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::vector<uint64_t> Histogram::cumulated() const {
  std::vector<uint64_t> counts;
  uint64_t below = 0;
  for (const std::atomic<uint64_t>& count : counts_) counts.push_back(below += count.load(std::memory_order_relaxed));
  return counts;
}

template <class T, class Make>
T& Metrics::find(const std::string& name, std::string_view help, Labels labels, Make make) {
  std::ranges::sort(labels);
  const std::lock_guard lock(mutex_);
  Family& family = families_[name];
  const bool other_kind =
      !family.series.empty() && !std::holds_alternative<std::unique_ptr<T>>(family.series.begin()->second);
  if (other_kind) throw std::logic_error("metric " + name + " is of another kind");
  if (family.series.empty()) family.help = help;
  const auto [place, fresh] = family.series.try_emplace(std::move(labels));
  if (fresh) place->second = make();
  return *std::get<std::unique_ptr<T>>(place->second);
}

Counter& Metrics::counter(const std::string& name, std::string_view help, Labels labels) {
  return find<Counter>(name, help, std::move(labels), [] { return std::make_unique<Counter>(); });
}

Gauge& Metrics::gauge(const std::string& name, std::string_view help, Labels labels) {
  return find<Gauge>(name, help, std::move(labels), [] { return std::make_unique<Gauge>(); });
}

Histogram& Metrics::histogram(const std::string& name, std::string_view help, const std::vector<double>& bounds,
                              Labels labels) {
  return find<Histogram>(name, help, std::move(labels), [&] { return std::make_unique<Histogram>(bounds); });
}

void Metrics::remove(const std::string& name, Labels labels) {
  std::ranges::sort(labels);
  const std::lock_guard lock(mutex_);
  const auto family = families_.find(name);
  if (family == families_.end()) return;
  family->second.series.erase(labels);
  if (family->second.series.empty()) families_.erase(family);
}

std::string Metrics::text() const {
  std::string out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, family] : families_) {
    out += fmt::format("# HELP {} {}\n", name, escaped(family.help, false));
    out += fmt::format("# TYPE {} {}\n", name, kKinds[family.series.begin()->second.index()]);
    for (const auto& [labels, series] : family.series) {
      std::visit([&](const auto& one) { append(out, name, labels, *one); }, series);
    }
  }
  return out;
}

}  // namespace ctk
