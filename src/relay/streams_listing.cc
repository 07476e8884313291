#include "relay/streams_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ctk::relay {
namespace {

constexpr int kThrottles = 6;
constexpr int kRounds = 4;
constexpr size_t kAskingAtOnce = 10;
constexpr Duration kPause = std::chrono::milliseconds(200);

}  // namespace

StreamsListing::StreamsListing(aws::DynamoDbStreamsApi& api, EventLoop& loop,
                               std::function<void(const aws::StreamsDescription&)> on_answer)
    : api_(api), loop_(loop), on_answer_(std::move(on_answer)) {}

void StreamsListing::list(const aws::Arn& stream, Done<std::vector<ListedShard>> done) {
  auto run = std::make_shared<Run>();
  run->stream = stream;
  run->done = std::move(done);
  read_page(run, std::nullopt);
}

void StreamsListing::read_page(const RunPtr& run, std::optional<ShardId> after) {
  const aws::DescribeStreamRequest request{run->stream, after, std::nullopt};
  api_.describe_stream(request, lifeline_.guard([this, run, after](Result<aws::StreamsDescription> page) {
    take_page(run, after, std::move(page));
  }));
}

void StreamsListing::take_page(const RunPtr& run, const std::optional<ShardId>& after,
                               Result<aws::StreamsDescription> page) {
  if (!page) {
    if (page.error().kind != ErrorKind::throttled || run->throttles >= kThrottles)
      return run->done(forward_error(std::move(page)));
    loop_.after(kPause * (1 << run->throttles++), lifeline_.guard([this, run, after] { read_page(run, after); }));
    return;
  }
  on_answer_(*page);
  ++run->pages;
  for (aws::StreamsShard& shard : page->shards) {
    aws::StreamsShard& known = run->shards[shard.id];
    const bool closed_before = known.last && !shard.last;
    if (!closed_before) known = std::move(shard);
  }
  // An endpoint that gives the same page for ever would be asked for ever.
  if (page->next && page->next != after) return read_page(run, page->next);
  ++run->rounds;
  check(run);
}

void StreamsListing::check(const RunPtr& run) {
  // What a first listing of several pages lacks, a second one may have; later ones are made all the time.
  const bool several_pages = run->pages > run->rounds;
  if (std::exchange(first_, false) && several_pages) return read_page(run, std::nullopt);
  run->missing.clear();
  for (const auto& [id, shard] : run->shards) {
    const bool known = !shard.parent || run->shards.contains(*shard.parent) || trimmed_.contains(*shard.parent);
    if (!known && std::ranges::find(run->missing, *shard.parent) == run->missing.end())
      run->missing.push_back(*shard.parent);
  }
  ask_for_missing(run);
}

void StreamsListing::ask_for_missing(const RunPtr& run) {
  while (!run->missing.empty() && run->asking < kAskingAtOnce) {
    const ShardId shard = run->missing.front();
    run->missing.pop_front();
    ++run->asking;
    exists(run->stream, shard,
           lifeline_.guard([this, run, shard](Result<bool> known) { take_proof(run, shard, std::move(known)); }));
  }
  if (run->asking > 0) return;
  if (run->error && run->error->kind == ErrorKind::unreachable) return read_again(run);
  if (run->error) return run->done(std::unexpected(*run->error));
  run->done(listed(run->shards));
}

void StreamsListing::take_proof(const RunPtr& run, const ShardId& shard, Result<bool> known) {
  --run->asking;
  if (!known) {
    run->error = std::move(known).error();
  } else if (*known) {
    run->error =
        Error{ErrorKind::unreachable,
              fmt::format("the listing of stream {} lacks shard {}, which exists", run->stream.str(), shard.str()), "", ""};
  } else {
    trimmed_.insert(shard);
  }
  ask_for_missing(run);
}

void StreamsListing::read_again(const RunPtr& run) {
  if (run->rounds >= kRounds) return run->done(std::unexpected(*run->error));
  run->error.reset();
  loop_.after(kPause * run->rounds, lifeline_.guard([this, run] { read_page(run, std::nullopt); }));
}

void StreamsListing::children(const aws::Arn& stream, const ShardId& shard, Done<std::vector<ListedShard>> done) {
  auto keep_children = [shard](std::vector<ListedShard> shards) {
    std::erase_if(shards,
                  [&](const ListedShard& one) { return std::ranges::find(one.parents, shard) == one.parents.end(); });
    return shards;
  };
  if (!knows_children_) {
    return list(stream, [keep_children, done = std::move(done)](Result<std::vector<ListedShard>> shards) mutable {
      if (!shards) return done(std::move(shards));
      done(keep_children(std::move(*shards)));
    });
  }
  api_.describe_stream({stream, std::nullopt, shard},
                       lifeline_.guard([this, stream, shard, keep_children,
                                        done = std::move(done)](Result<aws::StreamsDescription> page) mutable {
                         if (!page && page.error().kind == ErrorKind::refused) {
                           knows_children_ = false;
                           return children(stream, shard, std::move(done));
                         }
                         if (!page) return done(forward_error(std::move(page)));
                         on_answer_(*page);
                         std::map<ShardId, aws::StreamsShard> shards;
                         for (aws::StreamsShard& one : page->shards) shards[one.id] = std::move(one);
                         done(keep_children(listed(shards)));
                       }));
}

void StreamsListing::exists(const aws::Arn& stream, const ShardId& shard, Done<bool> done) {
  api_.get_shard_iterator(stream, shard, {}, [done = std::move(done)](Result<std::string> iterator) mutable {
    using enum ErrorKind;
    if (iterator) return done(true);
    const ErrorKind kind = iterator.error().kind;
    if (kind == not_found || kind == gap || kind == refused) return done(false);
    done(forward_error(std::move(iterator)));
  });
}

std::vector<ListedShard> StreamsListing::listed(const std::map<ShardId, aws::StreamsShard>& shards) {
  std::vector<ListedShard> result;
  result.reserve(shards.size());
  for (const auto& [id, shard] : shards) {
    ListedShard one{id, {}, shard.last.has_value()};
    if (shard.parent) one.parents.push_back(*shard.parent);
    result.push_back(std::move(one));
  }
  return result;
}

}  // namespace ctk::relay
