// The part of the conformance suite that is about histories (table/history.h).
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "sink/conformance_test.h"

namespace ctk::sink::testing {

/// A row as the database shows it. Times are of whole seconds.
struct KeptEvent {
  std::string key, version, op;
  int from = 0;
  std::optional<int> to;
  bool ttl = false;
  std::optional<int> n;
  bool operator==(const KeptEvent&) const = default;
};
inline void PrintTo(const KeptEvent& event, std::ostream* out) {
  *out << event.key << " " << event.op << " " << event.from << ".." << (event.to ? std::to_string(*event.to) : "")
       << (event.ttl ? " ttl" : "") << (event.n ? " n=" + std::to_string(*event.n) : "") << " " << event.version;
}

class ConformanceOfHistory : public Conformance {
 protected:
  void SetUp() override;

  table::QualifiedName history_name() const { return name("demo_history"); }
  /// All rows of the open table's history, by key and version.
  std::vector<KeptEvent> history();
  /// The same in words: "a insert 1..2 n=1".
  std::vector<std::string> events();

 private:
  static std::optional<int> second_of(const std::optional<std::string>& cell);
};

/// Where a history may refuse a row alone.
class ConformanceOfRefusingHistory : public ConformanceOfHistory {};

}  // namespace ctk::sink::testing
