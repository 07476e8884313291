#include "relay/shard_reading.h"

#include <algorithm>
#include <utility>

#include "shards/segment.h"

namespace ctk::relay {

ShardReading::ShardReading(ShardId id, Position start, source::PageSize size, shards::CadencePolicy cadence, Duration now)
    : id_(std::move(id)), position_(std::move(start)), size_(size), cadence_(cadence), answered_at_(now) {}

void ShardReading::known_to(Timestamp read_to, Timestamp due) {
  read_to_ = known_before_ = read_to;
  due_ = due;
}

source::ReadRequest ShardReading::ask(size_t bytes, Duration now) {
  turn_ = Turn::asked;
  asked_at_ = now;
  cadence_.asked(now);
  return source::ReadRequest{id_, position_, size_.records(), bytes, whole_to()};
}

bool ShardReading::answered() { return std::exchange(turn_, Turn::free) == Turn::asked; }

void ShardReading::took(const source::Page& page, size_t bytes, Duration now) {
  if (page.resume) {
    position_ = *page.resume;
  } else if (!page.records.empty() && !shards::is_segment(id_)) {
    position_ = source::position_behind(page.records.back());
  }
  size_.took(page.given.value_or(page.records.size()), bytes, page.cut_off);
  if (page.read_to != kNoTime) read_to_ = std::max(read_to_, page.read_to);
  behind_ = page.behind;
  saw_tip_ = page.at_tip;
  had_page_ = true;
  answered_at_ = now;
  cadence_.took(answered_at_ - asked_at_);
}

bool ShardReading::rest() {
  if (turn_ == Turn::resting) return false;
  turn_ = Turn::resting;
  return true;
}

void ShardReading::rested() { turn_ = Turn::free; }

void ShardReading::drop() {
  if (turn_ == Turn::asked) turn_ = Turn::recalled;
}

void ShardReading::rewind(Position stored, Timestamp read_to) {
  position_ = std::move(stored);
  read_to_ = known_before_ = std::max(known_before_, read_to);
  saw_tip_ = false;
  phase_ = position_.ended() ? Phase::end_read : Phase::reading;
}

}  // namespace ctk::relay
