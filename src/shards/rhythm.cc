#include "shards/rhythm.h"

#include <algorithm>

namespace ctk::shards {
namespace {

/// Nobody writes at the very moment: so far from it a beat may be.
constexpr Duration kGive = std::chrono::milliseconds(10);
/// It is not looked for more precisely.
constexpr Duration kPrecise = 4 * kGive;
/// Of this many intervals in a row that fit, chance is no explanation.
constexpr int kEnough = 4;

}  // namespace

void Rhythm::read(bool found, Duration asked) {
  // Records of two reads in a row are one beat, if they are one.
  if (found && !found_ && asked_) beat({*asked_ - kGive, asked + kGive});
  asked_ = asked;
  found_ = found;
}

void Rhythm::begin(Span seen) {
  beats_ = 0;
  first_ = last_ = seen;
}

void Rhythm::beat(Span seen) {
  if (last_.to == Duration{}) return begin(seen);
  const Span apart{std::max(seen.from - last_.to, Duration{}), seen.to - last_.from};
  Span all = apart;
  if (beats_ > 0) {
    const int count = beats_ + 1;
    all.from = std::max({apart.from, interval_.from, (seen.from - first_.to) / count});
    all.to = std::min({apart.to, interval_.to, (seen.to - first_.from) / count});
  }
  if (all.from > all.to) {
    begin(last_);  // This interval may be the first of others.
    all = apart;
  }
  ++beats_;
  interval_ = all;
  const Span expected = due();
  last_ = {std::max(seen.from, expected.from), std::min(seen.to, expected.to)};
  if (last_.from > last_.to) last_ = seen;
}

std::optional<Duration> Rhythm::next() const {
  if (beats_ < kEnough || !asked_) return std::nullopt;
  Span when = due();
  if (*asked_ >= when.to) return std::nullopt;
  when.from = std::max(when.from, *asked_);
  return when.width() <= kPrecise ? when.to : when.from + when.width() / 2;
}

}  // namespace ctk::shards
