// The shards of a DynamoDB stream, all of them. DescribeStream gives pages that are not of one moment: a page can be
// missing, a child be listed before its parent. What is handed on here is complete as far as the service lets itself be
// asked: a parent that is named but not listed counts as trimmed only when the service, asked for it, does not know it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "aws/dynamodb_streams_api.h"
#include "base/event_loop.h"
#include "base/lifeline.h"
#include "source/source.h"

namespace ctk::source {

class StreamsListing {
 public:
  /// `on_answer` is told of every answer: the stream's state and the server's time.
  StreamsListing(aws::DynamoDbStreamsApi& api, EventLoop& loop,
                 std::function<void(const aws::StreamsDescription&)> on_answer);

  /// `unreachable` where the listing stays incomplete.
  void list(const aws::Arn& stream, Done<std::vector<ListedShard>> done);
  /// The shards whose parent is `shard`. A few shards are asked for one by one. Where many end at once (DescribeStream
  /// allows 10 calls a second), an answer stays empty, or the endpoint knows no such question, one listing tells of all.
  void children(const aws::Arn& stream, const ShardId& shard, Done<std::vector<ListedShard>> done);
  /// Whether the service still has the shard.
  void exists(const aws::Arn& stream, const ShardId& shard, Done<bool> done);

 private:
  /// One listing under way.
  struct Run {
    aws::Arn stream;
    std::map<ShardId, aws::StreamsShard> shards;
    Done<std::vector<ListedShard>> done;
    int pages = 0;
    int rounds = 0;               ///< times that all pages were read
    int failures = 0;             ///< of the page that is asked for
    std::deque<ShardId> missing;  ///< named as parents, not listed
    size_t asking = 0;
    std::optional<Error> error;
  };
  using RunPtr = std::shared_ptr<Run>;

  /// Somebody who waits for the children of a shard.
  struct Waiting {
    ShardId shard;
    Done<std::vector<ListedShard>> done;
  };

  void ask_for_children(const aws::Arn& stream, Waiting waiting);
  void list_for_waiting(const aws::Arn& stream);
  void read_page(const RunPtr& run, const std::optional<ShardId>& after);
  void take_page(const RunPtr& run, const std::optional<ShardId>& after, Result<aws::StreamsDescription> page);
  void check(const RunPtr& run);
  void forget_all_but(const std::map<ShardId, aws::StreamsShard>& shards);
  void ask_for_missing(const RunPtr& run);
  void take_proof(const RunPtr& run, const ShardId& shard, Result<bool> exists);
  void read_again(const RunPtr& run);
  static std::vector<ListedShard> listed(const std::map<ShardId, aws::StreamsShard>& shards);

  aws::DynamoDbStreamsApi& api_;
  EventLoop& loop_;
  std::function<void(const aws::StreamsDescription&)> on_answer_;
  std::set<ShardId> trimmed_;  ///< parents that the service has said it does not know
  bool first_ = true;
  bool knows_children_ = true;
  size_t asking_ = 0;                  ///< questions for children under way
  std::map<ShardId, int> unfruitful_;  ///< questions for a shard's children that were answered by none
  std::vector<Waiting> waiting_;       ///< for the next listing
  bool listing_for_waiting_ = false;
  Lifeline lifeline_;
};

}  // namespace ctk::source
