#include "source/polling_reader.h"

#include <map>
#include <utility>

#include "base/lifeline.h"

namespace ctk::source {
namespace {

class PollingReader final : public ShardReader {
 public:
  PollingReader(aws::KinesisApi& api, aws::StreamName stream, Clock& clock)
      : api_(api), stream_(std::move(stream)), clock_(clock) {}

  void open(const aws::StreamSummary&, Done<bool> done) override { done(true); }

  void read(const ReadRequest& request, Done<Page> done) override {
    const auto iterator = iterators_.find(request.shard);
    if (iterator != iterators_.end()) return get_records(request, iterator->second, std::move(done));
    auto take = [this, request, done = std::move(done)](Result<std::string> fresh) mutable {
      if (!fresh) return done(std::unexpected(std::move(fresh).error()));
      get_records(request, *fresh, std::move(done));
    };
    api_.get_shard_iterator(stream_, request.shard, iterator_start(request.position), lifeline_.guard(std::move(take)));
  }

  void forget(const ShardId& shard) override { iterators_.erase(shard); }
  void leave(const ShardId& shard) override {
    iterators_.erase(shard);
    readable_from_.erase(shard);
  }

 private:
  void get_records(const ReadRequest& request, const std::string& iterator, Done<Page> done) {
    auto take = [this, request, used = iterator, done = std::move(done)](Result<aws::RecordPage> answer) mutable {
      take_records(request, used, std::move(answer), std::move(done));
    };
    api_.get_records(iterator, request.max_records, request.max_bytes, lifeline_.guard(std::move(take)));
  }

  void take_records(const ReadRequest& request, const std::string& used, Result<aws::RecordPage> answer, Done<Page> done) {
    const ShardId& shard = request.shard;
    if (!answer) {
      // A transient failure may be tried again with the same iterator; expired ones are forgotten by the caller.
      iterators_[shard] = used;
      if (answer.error().kind == ErrorKind::throttled) note_throttle(shard);
      return done(std::unexpected(std::move(answer).error()));
    }
    if (answer->next_iterator && !answer->cut_off)
      iterators_[shard] = *answer->next_iterator;
    else
      iterators_.erase(shard);
    Page page = page_of(std::move(*answer), static_cast<size_t>(request.max_records));
    const Duration debt = pause_after(page);
    readable_from_[shard] = clock_.monotonic() + debt;
    if (obeys_limit_) page.rest = debt;
    done(std::move(page));
  }

  /// The service gives 2 MB a second and shard, and makes who has read more at once wait: no use in asking then. Emulators
  /// have no such limit, so it holds from the first throttle on that it explains.
  void note_throttle(const ShardId& shard) {
    const auto paid = readable_from_.find(shard);
    if (paid != readable_from_.end() && clock_.monotonic() < paid->second) obeys_limit_ = true;
  }
  static Duration pause_after(const Page& page) {
    constexpr double kBytesASecond = 2u << 20;
    size_t bytes = 0;
    for (const dynamodb::RawRecord& record : page.records) bytes += record.data.size();
    return Duration(static_cast<int64_t>(static_cast<double>(bytes) / kBytesASecond * 1e6));
  }

  Page page_of(aws::RecordPage&& answer, size_t limit) const {
    Page page;
    page.records.reserve(answer.records.size());
    for (aws::KinesisRecord& record : answer.records) {
      page.records.push_back({std::move(record.data), std::move(record.sequence), 0, record.arrival});
    }
    page.cut_off = answer.cut_off;
    page.ended = !answer.next_iterator.has_value() && !answer.cut_off;
    page.children = listed(std::move(answer.children));
    page.behind = answer.behind_latest;
    page.full =
        page.records.size() >= limit || page.cut_off || (answer.behind_latest > Duration{} && !page.records.empty());
    page.at_tip = answer.behind_latest == Duration{} && !page.full;
    page.server_time = answer.server_time == kNoTime ? clock_.now() : answer.server_time;
    // The shard may have ended long ago: what came since then is in its children. With its last records it gives an
    // iterator yet, and nothing says that it is closed.
    page.read_to = page.server_time - answer.behind_latest;
    if (page.ended || page.cut_off || !page.records.empty())
      page.read_to = page.records.empty() ? kNoTime : page.records.back().arrival;
    page.bytes = answer.answer_bytes;
    return page;
  }

  aws::KinesisApi& api_;
  const aws::StreamName stream_;
  Clock& clock_;
  std::map<ShardId, std::string> iterators_;
  std::map<ShardId, Duration> readable_from_;  ///< when the bytes read are no longer held against us
  bool obeys_limit_ = false;
  Lifeline lifeline_;
};

}  // namespace

std::unique_ptr<ShardReader> make_polling_reader(aws::KinesisApi& api, aws::StreamName stream, Clock& clock) {
  return std::make_unique<PollingReader>(api, std::move(stream), clock);
}

}  // namespace ctk::source
