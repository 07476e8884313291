#include "engines/pushed_shard.h"

#include <algorithm>
#include <utility>

#include "base/answer_later.h"

namespace ctk::engines {
namespace {

using source::Page;

/// "shardId-00000001414576573621-f55eea83"; a shard of Kinesis has one dash.
bool is_of_a_table(const aws::ShardId& shard) { return std::ranges::count(shard.str(), '-') == 2; }

}  // namespace

source::SourceIdentity identity_of_pushed(const std::string& giver, const aws::ShardId& shard) {
  return identity_of_pushed(giver, shard.str(), is_of_a_table(shard));
}

source::SourceIdentity identity_of_pushed(const std::string& giver, const std::string& name, bool of_a_table) {
  source::SourceIdentity identity;
  identity.service = giver;
  identity.name = name;
  // Nobody says which stream it is: versions tell its changes apart, whichever it is.
  identity.incarnation = coordination::Incarnation(giver);
  identity.traits.version_kind = of_a_table ? dynamodb::VersionKind::streams : dynamodb::VersionKind::kinesis;
  identity.traits.lateness = of_a_table ? Duration{} : Duration(std::chrono::minutes(15));
  identity.traits.clock_tick = of_a_table ? Duration(std::chrono::seconds(1)) : Duration{};
  identity.traits.repeats_records = !of_a_table;
  return identity;
}

void PushedShard::push(std::vector<dynamodb::RawRecord> records) {
  held_ = std::move(records);
  next_ = 0;
  serve();
}

void PushedShard::end() {
  has_ended_ = true;
  serve();
}

void PushedShard::open(Done<source::SourceIdentity> done) {
  answer_later(loop_, lifeline_, std::move(done), Result<source::SourceIdentity>(identity_));
}

void PushedShard::list(Done<std::vector<shards::ListedShard>> done) {
  answer_later(loop_, lifeline_, std::move(done),
               Result<std::vector<shards::ListedShard>>(std::vector<shards::ListedShard>{{shard_, {}, false}}));
}

void PushedShard::read(const source::ReadRequest& request, Done<Page> done) {
  waiting_.emplace(request, std::move(done));
  if (std::exchange(stale_, false)) next_ = index_behind(request.position);
  if (when_read_) loop_.post(lifeline_.guard([then = std::exchange(when_read_, nullptr)]() mutable { then(); }));
  serve();
}

void PushedShard::forget(const aws::ShardId&) {
  stale_ = true;
  // Whoever waits would wait for records that come only once it has read these again.
  if (waiting_) answer({});
}

void PushedShard::answer(Page page) {
  page.at_once = true;
  Done<Page> done = std::move(waiting_->done);
  waiting_.reset();
  answer_later(loop_, lifeline_, std::move(done), Result<Page>(std::move(page)));
}

void PushedShard::serve() {
  if (!waiting_) return;
  const source::ReadRequest& request = waiting_->request;
  Page page;
  const size_t most = request.max_bytes == 0 ? SIZE_MAX : request.max_bytes;
  while (next_ < held_.size() && page.records.size() < static_cast<size_t>(request.max_records)) {
    const size_t size = held_[next_].data.size();
    if (!page.records.empty() && page.bytes + size > most) break;
    page.bytes += size;
    page.records.push_back(held_[next_++]);
  }
  const bool all_given = next_ == held_.size();
  page.ended = has_ended_ && all_given;
  if (!page.records.empty() || page.ended) answer(std::move(page));
}

size_t PushedShard::index_behind(const shards::Position& position) const {
  const auto found = std::ranges::find(held_, position, source::position_behind);
  return found == held_.end() ? 0 : static_cast<size_t>(found - held_.begin()) + 1;
}

}  // namespace ctk::engines
