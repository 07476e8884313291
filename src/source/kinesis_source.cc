#include "source/kinesis_source.h"

#include <map>
#include <utility>

#include "base/lifeline.h"
#include "source/aggregates.h"
#include "source/fan_out_reader.h"
#include "source/polling_reader.h"

namespace ctk::source {
namespace {

constexpr int kTriesAPage = 6;
constexpr Duration kPageRetry = std::chrono::milliseconds(200);
constexpr Duration kCreationPause = std::chrono::milliseconds(500);
/// The service says only that records may come late and out of order.
constexpr Duration kLateness = std::chrono::minutes(15);

class KinesisSource final : public StreamSource {
 public:
  KinesisSource(aws::KinesisApi& api, KinesisSourceOptions options, std::unique_ptr<ShardReader> reader, EventLoop& loop)
      : api_(api), options_(std::move(options)), reader_(std::move(reader)), loop_(loop) {}

  void open(Done<SourceIdentity> done) override {
    auto take = [this, done = std::move(done)](Result<aws::StreamSummary> summary) mutable {
      if (!summary && summary.error().kind == ErrorKind::not_found && options_.create) return create(std::move(done));
      if (!summary) return done(std::unexpected(std::move(summary).error()));
      if (summary->status == "CREATING") {
        // Worth another try: the caller has a time limit for it.
        return done(fail(ErrorKind::unreachable, "stream '" + options_.stream.str() + "' is still being created"));
      }
      open_reader(*summary, std::move(done));
    };
    api_.describe_stream(options_.stream, lifeline_.guard(std::move(take)));
  }

  void list(Done<std::vector<ListedShard>> done) override {
    list_page(std::nullopt, std::make_shared<std::vector<ListedShard>>(), std::move(done));
  }

  void read(const ReadRequest& request, Done<Page> done) override {
    auto take = [this, shard = request.shard, from = request.position, done = std::move(done)](Result<Page> page) mutable {
      if (page) {
        note_keys(page->children);
        if (!options_.whole_aggregates) take_aggregates_apart(*page, from, keys_of(shard));
      }
      done(std::move(page));
    };
    reader_->read(request, lifeline_.guard(std::move(take)));
  }
  void when_ready(std::function<void(const ShardId& shard)> ready) override { reader_->when_ready(std::move(ready)); }
  void forget(const ShardId& shard) override { reader_->forget(shard); }
  void leave(const ShardId& shard) override {
    keys_.erase(shard);
    reader_->leave(shard);
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
  void open_reader(const aws::StreamSummary& summary, Done<SourceIdentity> done) {
    auto take = [found = identity(summary), done = std::move(done)](Result<bool> can_read) mutable {
      if (!can_read) return done(forward_error(std::move(can_read)));
      done(std::move(found));
    };
    reader_->open(summary, lifeline_.guard(std::move(take)));
  }
  void note_keys(const std::vector<ListedShard>& shards) {
    for (const ListedShard& shard : shards) {
      if (shard.keys) keys_.insert_or_assign(shard.id, *shard.keys);
    }
  }
  std::optional<aws::HashKeyRange> keys_of(const ShardId& shard) const {
    const auto found = keys_.find(shard);
    return found == keys_.end() ? std::nullopt : std::optional(found->second);
  }

  SourceIdentity identity(const aws::StreamSummary& summary) const {
    SourceIdentity identity;
    identity.service = "kinesis";
    identity.name = summary.name.str();
    identity.incarnation = Incarnation(summary.arn.str() + "/" + format_iso8601(summary.created));
    identity.server_time = summary.server_time;
    identity.created = summary.created;
    identity.traits.retention = summary.retention;
    identity.traits.seeks_time = true;
    identity.traits.calls_a_second = kKinesisCallsASecond;
    identity.traits.version_kind = dynamodb::VersionKind::kinesis;
    identity.traits.lateness = kLateness;
    identity.traits.repeats_records = true;
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
      const bool passes = !page && may_pass(page.error().kind);
      if (passes && token && failures < kTriesAPage) {
        auto again = [this, token, sofar, failures, done = std::move(done)]() mutable {
          list_page(token, sofar, std::move(done), failures + 1);
        };
        loop_.after(kPageRetry * (1 << failures), lifeline_.guard(std::move(again)));
        return;
      }
      if (!page) return done(std::unexpected(std::move(page).error()));
      for (aws::KinesisShard& shard : page->shards) {
        sofar->push_back({std::move(shard.id), std::move(shard.parents), shard.last.has_value(), shard.keys});
      }
      if (page->next_token) return list_page(page->next_token, sofar, std::move(done));
      // No listing would follow: new shards are looked for where others end.
      if (sofar->empty())
        return done(fail(ErrorKind::corrupt, "stream '" + options_.stream.str() + "' has no shard, as it is listed"));
      note_keys(*sofar);
      done(std::move(*sofar));
    };
    api_.list_shards(options_.stream, token, lifeline_.guard(std::move(take)));
  }

  aws::KinesisApi& api_;
  KinesisSourceOptions options_;
  std::unique_ptr<ShardReader> reader_;
  EventLoop& loop_;
  std::map<ShardId, aws::HashKeyRange> keys_;  ///< which records belong to a shard
  Lifeline lifeline_;
};

}  // namespace

std::unique_ptr<StreamSource> make_kinesis_source(aws::KinesisApi& api, KinesisSourceOptions options, EventLoop& loop,
                                                  Clock& clock) {
  std::unique_ptr<ShardReader> reader = options.fan_out ? make_fan_out_reader(*options.fan_out, loop, clock)
                                                        : make_polling_reader(api, options.stream, clock);
  return std::make_unique<KinesisSource>(api, std::move(options), std::move(reader), loop);
}

}  // namespace ctk::source
