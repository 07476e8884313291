#include "engines/lambda_batch.h"

#include <algorithm>
#include <utility>

#include "source/aggregates.h"

namespace ctk::engines {
namespace {

using dynamodb::RawRecord;

/// As the engine takes them.
std::vector<RawRecord> taken_apart(std::vector<RawRecord> records) {
  source::Page page;
  page.records = std::move(records);
  source::take_aggregates_apart(page, shards::Position::trim_horizon(), std::nullopt);
  return std::move(page.records);
}

}  // namespace

LambdaBatch::LambdaBatch(std::vector<EventShard> shards) {
  for (EventShard& shard : shards) shards_.push_back({std::move(shard)});
}

void LambdaBatch::pass_over() {
  while (at_ < shards_.size() && shards_[at_].is_over()) ++at_;
}

std::optional<MappedStream> LambdaBatch::turn() const {
  return at_ == shards_.size() ? std::nullopt : std::optional(shards_[at_].shard.stream);
}

size_t LambdaBatch::end_of_run(const std::vector<RawRecord>& records, size_t begin) {
  size_t end = begin + 1;
  while (end < records.size() && records[end - 1].sequence < records[end].sequence) ++end;
  return end;
}

LambdaBatch::Run LambdaBatch::take(const std::optional<WrittenRecord>& written) {
  Progress& now = shards_[at_];
  const std::vector<RawRecord>& all = now.shard.records;
  const bool of_kinesis = now.shard.stream.service == MappedStream::Service::kinesis;
  run_end_ = end_of_run(all, now.written);
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(now.written);
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(run_end_);
  Run run;
  run.last = {now.shard.shard, all[run_end_ - 1].sequence, std::string(all[run_end_ - 1].data)};
  last_known_ = written && *written == run.last;
  run.needs_fresh = !last_known_ && written &&
                    std::any_of(begin, end, [&](const RawRecord& record) { return record.sequence == written->sequence; });
  run.records.assign(begin, last_known_ ? end - 1 : end);
  if (of_kinesis) run.records = taken_apart(std::move(run.records));
  if (run.records.empty()) now.written = run_end_;
  pass_over();
  return run;
}

bool LambdaBatch::stored(const shards::Position& to) {
  Progress& now = shards_[at_];
  const size_t handed_on = run_end_ - (last_known_ ? 1 : 0);
  while (now.written < handed_on) {
    const aws::SequenceNumber& sequence = now.shard.records[now.written].sequence;
    // A place within an aggregate is behind no record.
    if (to.sequence < sequence || (to.sequence == sequence && to.index)) return false;
    ++now.written;
  }
  now.written = run_end_;
  pass_over();
  return true;
}

void LambdaBatch::give_up_shard() {
  shards_[at_].given_up = true;
  pass_over();
}

void LambdaBatch::give_up() {
  for (Progress& one : shards_) one.given_up = true;
  pass_over();
}

std::vector<aws::SequenceNumber> LambdaBatch::failures() const {
  std::vector<aws::SequenceNumber> failures;
  for (const Progress& one : shards_) {
    if (one.written < one.shard.records.size()) failures.push_back(one.shard.records[one.written].sequence);
  }
  return failures;
}

size_t LambdaBatch::size() const {
  size_t size = 0;
  for (const Progress& one : shards_) size += one.shard.records.size();
  return size;
}

size_t LambdaBatch::written() const {
  size_t written = 0;
  for (const Progress& one : shards_) written += one.written;
  return written;
}

}  // namespace ctk::engines
