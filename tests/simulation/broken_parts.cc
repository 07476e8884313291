#include "simulation/broken_parts.h"

#include <utility>

#include "simulation/sink_shell.h"
#include "simulation/source_shell.h"

namespace ctk::simulation {
namespace {

using aws::ShardId;
using shards::ListedShard;
using source::Page;

/// Takes every shard for a root, wherever it hears of one.
class OrphanedShards final : public SourceShell {
 public:
  using SourceShell::SourceShell;
  void list(Done<std::vector<ListedShard>> done) override { SourceShell::list(orphaned(std::move(done))); }
  void read(const source::ReadRequest& request, Done<Page> done) override {
    SourceShell::read(request, [done = std::move(done)](Result<Page> page) mutable {
      if (page) orphan(page->children);
      done(std::move(page));
    });
  }

 private:
  static void orphan(std::vector<ListedShard>& shards) {
    for (ListedShard& shard : shards) shard.parents.clear();
  }
  static Done<std::vector<ListedShard>> orphaned(Done<std::vector<ListedShard>> done) {
    return [done = std::move(done)](Result<std::vector<ListedShard>> shards) mutable {
      if (shards) orphan(*shards);
      done(std::move(shards));
    };
  }
};

/// Takes "no more iterator" for "nothing more", although the last records come with it.
class DropsTheLastPage final : public SourceShell {
 public:
  using SourceShell::SourceShell;
  void read(const source::ReadRequest& request, Done<Page> done) override {
    SourceShell::read(request, [done = std::move(done)](Result<Page> page) mutable {
      if (page && page->ended) page->records.clear();
      done(std::move(page));
    });
  }
};

/// Takes a write that failed for one that was done.
class AcknowledgesTooEarly final : public SinkShell {
 public:
  using SinkShell::SinkShell;
  void apply(std::shared_ptr<const sink::Batch> batch, Done<sink::BatchOutcome> done) override {
    SinkShell::apply(batch, [batch, done = std::move(done)](Result<sink::BatchOutcome> result) mutable {
      const bool lost = !result && result.error().kind == ErrorKind::unreachable;
      done(lost ? Result<sink::BatchOutcome>(all_applied(*batch)) : std::move(result));
    });
  }

 private:
  static sink::BatchOutcome all_applied(const sink::Batch& batch) {
    sink::BatchOutcome outcome;
    for (const sink::TableWrites& writes : batch.tables) outcome.tables.emplace_back(writes.changes.size());
    return outcome;
  }
};

/// Does not ask for the second page of a listing.
class FirstPageOfKinesis final : public aws::KinesisApi {
 public:
  explicit FirstPageOfKinesis(std::unique_ptr<aws::KinesisApi> inner) : inner_(std::move(inner)) {}
  void describe_stream(const aws::StreamName& stream, Done<aws::StreamSummary> done) override {
    inner_->describe_stream(stream, std::move(done));
  }
  void list_shards(const aws::StreamName& stream, const std::optional<std::string>& token,
                   Done<aws::ShardPage> done) override {
    inner_->list_shards(stream, token, [done = std::move(done)](Result<aws::ShardPage> page) mutable {
      if (page) page->next_token.reset();
      done(std::move(page));
    });
  }
  void get_shard_iterator(const aws::StreamName& stream, const aws::ShardId& shard, const aws::IteratorStart& start,
                          Done<std::string> done) override {
    inner_->get_shard_iterator(stream, shard, start, std::move(done));
  }
  void get_records(const std::string& iterator, int limit, size_t most, Done<aws::RecordPage> done) override {
    inner_->get_records(iterator, limit, most, std::move(done));
  }
  void create_stream(const aws::StreamName& stream, int shards, Done<bool> done) override {
    inner_->create_stream(stream, shards, std::move(done));
  }

 private:
  std::unique_ptr<aws::KinesisApi> inner_;
};

class FirstPageOfStreams final : public aws::DynamoDbStreamsApi {
 public:
  explicit FirstPageOfStreams(std::unique_ptr<aws::DynamoDbStreamsApi> inner) : inner_(std::move(inner)) {}
  void describe_stream(const aws::DescribeStreamRequest& request, Done<aws::StreamsDescription> done) override {
    inner_->describe_stream(request, [done = std::move(done)](Result<aws::StreamsDescription> page) mutable {
      if (page) page->next.reset();
      done(std::move(page));
    });
  }
  void get_shard_iterator(const aws::Arn& stream, const aws::ShardId& shard, const aws::IteratorStart& start,
                          Done<std::string> done) override {
    inner_->get_shard_iterator(stream, shard, start, std::move(done));
  }
  void get_records(const std::string& iterator, int limit, size_t most, Done<aws::StreamsPage> done) override {
    inner_->get_records(iterator, limit, most, std::move(done));
  }

 private:
  std::unique_ptr<aws::DynamoDbStreamsApi> inner_;
};

template <class Shell>
class BrokenSource final : public Parts {
 public:
  std::unique_ptr<source::StreamSource> source(std::unique_ptr<source::StreamSource> source) override {
    return std::make_unique<Shell>(std::move(source));
  }
};

class BrokenAcknowledgement final : public Parts {
 public:
  std::unique_ptr<sink::Sink> sink(std::unique_ptr<sink::Sink> sink) override {
    return std::make_unique<AcknowledgesTooEarly>(std::move(sink));
  }
};

class BrokenListing final : public Parts {
 public:
  std::unique_ptr<aws::KinesisApi> kinesis(std::unique_ptr<aws::KinesisApi> api) override {
    return std::make_unique<FirstPageOfKinesis>(std::move(api));
  }
  std::unique_ptr<aws::DynamoDbStreamsApi> streams(std::unique_ptr<aws::DynamoDbStreamsApi> api) override {
    return std::make_unique<FirstPageOfStreams>(std::move(api));
  }
};

class NoGuard final : public TargetRules {
 public:
  bool may_write(const TargetRow&, const std::string&) const override { return true; }
};

/// A load's rows as if they were changes of the moment at which they were read.
class HighLoads final : public TargetRules {
 public:
  std::string version(const dynamodb::Change& change, coordination::Epoch epoch) const override {
    std::string version = TargetRules::version(change, epoch);
    constexpr size_t kKind = 9;  // behind "00000001."
    if (change.from_load()) version[kKind] = '9';
    return version;
  }
};

class NoGrace final : public TargetRules {
 public:
  coordination::SweepPlan plan_sweep(const coordination::TableRecord&, Timestamp, Timestamp now,
                                     const sink::SweepRequest&) const override {
    return {now, std::nullopt};
  }
};

class KeepsNewestOnly final : public TargetRules {
 public:
  bool keeps(bool below, bool /*stale*/) const override { return !below; }
};

class KeepsNothingStale final : public TargetRules {
 public:
  bool keeps(bool /*below*/, bool stale) const override { return !stale; }
};

template <class Rules>
class BrokenTarget final : public Parts {
 public:
  const TargetRules* rules() override { return &rules_; }

 private:
  Rules rules_;
};

template <class T>
std::unique_ptr<Parts> make() {
  return std::make_unique<T>();
}

}  // namespace

std::vector<Mutation> all_mutations() {
  return {
      {"NoGuard", "a target that takes every write, older ones too", make<BrokenTarget<NoGuard>>},
      {"HighLoads", "a load with a high version", make<BrokenTarget<HighLoads>>},
      {"NoGrace", "a sweeper that removes the marks of deletes at once", make<BrokenTarget<NoGrace>>},
      {"OrphanedShards", "a walk that ignores parents", make<BrokenSource<OrphanedShards>>},
      {"DropsTheLastPage", "a reader that drops the records that come with a shard's end",
       make<BrokenSource<DropsTheLastPage>>},
      {"KeepsNewestOnly", "a history without what was folded under newer changes", make<BrokenTarget<KeepsNewestOnly>>},
      {"KeepsNothingStale", "a history without changes that come behind newer ones", make<BrokenTarget<KeepsNothingStale>>},
      {"FirstPageOnly", "a listing without its second page", make<BrokenListing>},
      {"AcknowledgesTooEarly", "a frontier that moves over writes that were never done", make<BrokenAcknowledgement>},
  };
}

}  // namespace ctk::simulation
