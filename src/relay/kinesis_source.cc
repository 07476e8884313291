#include "relay/kinesis_source.h"

#include <map>
#include <utility>

#include "base/lifeline.h"

namespace ctk::relay {
namespace {

constexpr int kTriesAPage = 6;
constexpr Duration kPageRetry = std::chrono::milliseconds(200);
constexpr Duration kCreationPause = std::chrono::milliseconds(500);
/// The service says only that records may come late and out of order.
constexpr Duration kLateness = std::chrono::minutes(15);

aws::IteratorStart iterator_start(const Position& position) {
  using Kind = aws::IteratorStart::Kind;
  switch (position.kind) {
    case Position::Kind::at_timestamp: return {Kind::at_timestamp, {}, position.time};
    case Position::Kind::at_sequence: return {Kind::at_sequence, position.sequence, {}};
    case Position::Kind::after_sequence: return {Kind::after_sequence, position.sequence, {}};
    case Position::Kind::trim_horizon:
    case Position::Kind::after_key:
    case Position::Kind::shard_end: break;
  }
  return {};
}

std::vector<ListedShard> listed(std::vector<aws::ChildShard> children) {
  std::vector<ListedShard> shards;
  for (aws::ChildShard& child : children) shards.push_back({std::move(child.id), std::move(child.parents), false});
  return shards;
}

class KinesisSource final : public StreamSource {
 public:
  KinesisSource(aws::KinesisApi& api, KinesisSourceOptions options, EventLoop& loop, Clock& clock)
      : api_(api), options_(std::move(options)), loop_(loop), clock_(clock) {}

  void open(Done<SourceIdentity> done) override {
    auto take = [this, done = std::move(done)](Result<aws::StreamSummary> summary) mutable {
      if (!summary && summary.error().kind == ErrorKind::not_found && options_.create) return create(std::move(done));
      if (!summary) return done(std::unexpected(std::move(summary).error()));
      if (summary->status == "CREATING") {
        // Worth another try: the caller has a time limit for it.
        return done(fail(ErrorKind::unreachable, "stream '" + options_.stream.str() + "' is still being created"));
      }
      done(identity(*summary));
    };
    api_.describe_stream(options_.stream, lifeline_.guard(std::move(take)));
  }

  void list(Done<std::vector<ListedShard>> done) override {
    list_page(std::nullopt, std::make_shared<std::vector<ListedShard>>(), std::move(done));
  }

  void read(const ReadRequest& request, Done<Page> done) override {
    const auto iterator = iterators_.find(request.shard);
    if (iterator != iterators_.end()) return get_records(request, iterator->second, std::move(done));
    auto take = [this, request, done = std::move(done)](Result<std::string> fresh) mutable {
      if (!fresh) return done(std::unexpected(std::move(fresh).error()));
      get_records(request, *fresh, std::move(done));
    };
    api_.get_shard_iterator(options_.stream, request.shard, iterator_start(request.position),
                            lifeline_.guard(std::move(take)));
  }

  void forget(const ShardId& shard) override { iterators_.erase(shard); }
  void leave(const ShardId& shard) override {
    iterators_.erase(shard);
    paid_at_.erase(shard);
  }

  /// Listings may lack it; whoever gives an iterator has it.
  void exists(const ShardId& shard, Done<bool> done) override {
    auto take = [done = std::move(done)](Result<std::string> iterator) mutable {
      if (iterator) return done(true);
      const ErrorKind kind = iterator.error().kind;
      if (kind == ErrorKind::not_found || kind == ErrorKind::gap || kind == ErrorKind::refused) return done(false);
      done(forward_error(std::move(iterator)));
    };
    api_.get_shard_iterator(options_.stream, shard, {}, lifeline_.guard(std::move(take)));
  }

 private:
  SourceIdentity identity(const aws::StreamSummary& summary) const {
    SourceIdentity identity;
    identity.service = "kinesis";
    identity.name = summary.name.str();
    identity.incarnation = Incarnation(summary.arn.str() + "/" + format_iso8601(summary.created));
    identity.server_time = summary.server_time;
    identity.created = summary.created;
    identity.retention = summary.retention;
    identity.seeks_time = true;
    identity.version_kind = dynamodb::VersionKind::kinesis;
    identity.lateness = kLateness;
    identity.repeats_records = true;
    return identity;
  }

  void create(Done<SourceIdentity> done) {
    auto take = [this, done = std::move(done)](Result<bool> created) mutable {
      if (!created) return done(std::unexpected(std::move(created).error()));
      options_.create = false;
      loop_.after(kCreationPause, lifeline_.guard([this, done = std::move(done)]() mutable { open(std::move(done)); }));
    };
    api_.create_stream(options_.stream, options_.create_shards, lifeline_.guard(std::move(take)));
  }

  /// `failures`: of this page, so far. The pages before are not read again because a later one has failed.
  void list_page(const std::optional<std::string>& token, const std::shared_ptr<std::vector<ListedShard>>& sofar,
                 Done<std::vector<ListedShard>> done, int failures = 0) {
    auto take = [this, token, sofar, failures, done = std::move(done)](Result<aws::ShardPage> page) mutable {
      const bool passes =
          !page && (page.error().kind == ErrorKind::throttled || page.error().kind == ErrorKind::unreachable);
      if (passes && token && failures < kTriesAPage) {
        auto again = [this, token, sofar, failures, done = std::move(done)]() mutable {
          list_page(token, sofar, std::move(done), failures + 1);
        };
        loop_.after(kPageRetry * (1 << failures), lifeline_.guard(std::move(again)));
        return;
      }
      if (!page) return done(std::unexpected(std::move(page).error()));
      for (aws::KinesisShard& shard : page->shards) {
        sofar->push_back({std::move(shard.id), std::move(shard.parents), shard.last.has_value()});
      }
      if (page->next_token) return list_page(page->next_token, sofar, std::move(done));
      done(std::move(*sofar));
    };
    api_.list_shards(options_.stream, token, lifeline_.guard(std::move(take)));
  }

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
    const Duration debt = debt_of(page);
    paid_at_[shard] = clock_.monotonic() + debt;
    if (keeps_to_limit_) page.rest = debt;
    done(std::move(page));
  }

  /// The service gives 2 MB a second and shard, and makes who has read more at once wait: no use in asking then. Emulators
  /// have no such limit, so it holds from the first throttle on that it explains.
  void note_throttle(const ShardId& shard) {
    const auto paid = paid_at_.find(shard);
    if (paid != paid_at_.end() && clock_.monotonic() < paid->second) keeps_to_limit_ = true;
  }
  static Duration debt_of(const Page& page) {
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
    page.at_tip = answer.behind_latest == Duration{} && page.records.size() < limit && !page.cut_off;
    page.server_time = answer.server_time == kNoTime ? clock_.now() : answer.server_time;
    page.read_to = page.server_time - answer.behind_latest;
    // The shard may have ended long ago: what came since then is in its children.
    if (page.ended || page.cut_off) page.read_to = page.records.empty() ? kNoTime : page.records.back().arrival;
    page.bytes = answer.answer_bytes;
    return page;
  }

  aws::KinesisApi& api_;
  KinesisSourceOptions options_;
  EventLoop& loop_;
  Clock& clock_;
  std::map<ShardId, std::string> iterators_;
  std::map<ShardId, Duration> paid_at_;  ///< when the bytes read are no longer held against us
  bool keeps_to_limit_ = false;
  Lifeline lifeline_;
};

}  // namespace

std::unique_ptr<StreamSource> make_kinesis_source(aws::KinesisApi& api, KinesisSourceOptions options, EventLoop& loop,
                                                  Clock& clock) {
  return std::make_unique<KinesisSource>(api, std::move(options), loop, clock);
}

}  // namespace ctk::relay
