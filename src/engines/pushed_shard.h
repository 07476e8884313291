// One shard whose records another engine pushes, as a StreamSource: that engine knows the stream, its shards and its
// leases.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/event_loop.h"
#include "base/lifeline.h"
#include "source/source.h"

namespace ctk::engines {

/// What the source of such a shard is like. `giver`: "kcl"; the shard's own name says which of the two services it is of.
source::SourceIdentity identity_of_pushed(const std::string& giver, const aws::ShardId& shard);
/// The same where it is known: "lambda", and the stream's name.
source::SourceIdentity identity_of_pushed(const std::string& giver, const std::string& name, bool of_a_table);

/// One page at a time: it is held until the next one is pushed, since what was not written may be read again.
///   shard.push(records);   // once the position store has what was pushed before
class PushedShard final : public source::StreamSource {
 public:
  PushedShard(source::SourceIdentity identity, aws::ShardId shard, EventLoop& loop)
      : identity_(std::move(identity)), shard_(std::move(shard)), loop_(loop) {}

  /// Called when it is read for the first time: source and target are there.
  void when_read(std::move_only_function<void()> then) { when_read_ = std::move(then); }
  void push(std::vector<dynamodb::RawRecord> records);
  /// Nothing follows.
  void end();

  void open(Done<source::SourceIdentity> done) override;
  void list(Done<std::vector<shards::ListedShard>> done) override;
  void read(const source::ReadRequest& request, Done<source::Page> done) override;
  void forget(const aws::ShardId& shard) override;

 private:
  struct Waiting {
    source::ReadRequest request;
    Done<source::Page> done;
  };
  void answer(source::Page page);
  void serve();
  /// The held record behind which `position` stands: what follows it is next.
  size_t index_behind(const shards::Position& position) const;

  source::SourceIdentity identity_;
  aws::ShardId shard_;
  EventLoop& loop_;
  std::vector<dynamodb::RawRecord> held_;
  size_t next_ = 0;     ///< of held_: the first that was not given
  bool stale_ = false;  ///< the next read begins at its request's position
  bool has_ended_ = false;
  std::optional<Waiting> waiting_;
  std::move_only_function<void()> when_read_;
  Lifeline lifeline_;
};

}  // namespace ctk::engines
