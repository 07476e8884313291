// A round of sweeping: every open table, one after another, one round at a time. Pure: whoever has it asks the target.
//
//   idle ──begin──▶ sweeping: next ──▶ swept, or failed ──▶ next … ──no table is left──▶ idle
//                                                   ╰──break_off: a table is lost──▶ idle
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sink/sink.h"

namespace ctk::relay {

class Sweeper {
 public:
  enum class Phase { idle, sweeping };
  /// What a round is for: to remove what is due on the way, the same at the end with the rows counted, or only to count.
  enum class Purpose { on_the_way, at_the_end, only_counting };
  /// Of all tables; nothing once one could not be counted.
  struct Totals {
    std::optional<uint64_t> tombstones = 0, living = 0;
  };

  bool is_idle() const { return phase_ == Phase::idle; }
  Purpose purpose() const { return purpose_; }
  bool counts() const { return purpose_ != Purpose::on_the_way; }
  const Totals& totals() const { return totals_; }

  /// Only while it is idle.
  void begin(Purpose purpose, const std::vector<std::string>& tables);
  /// The table whose turn it is. Nothing: the round is over.
  std::optional<std::string> next();
  void swept(const sink::SweepOutcome& outcome);
  void failed() { totals_ = {std::nullopt, std::nullopt}; }
  void break_off();
  /// As this round has it.
  void complete(sink::SweepRequest& request) const;

 private:
  Phase phase_ = Phase::idle;
  Purpose purpose_ = Purpose::on_the_way;
  std::deque<std::string> tables_;
  Totals totals_;
};

}  // namespace ctk::relay
