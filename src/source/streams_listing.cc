#include "source/streams_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ctk::source {
namespace {

constexpr int kTries = 6;
constexpr int kRounds = 4;
constexpr size_t kAskingAtOnce = 10;
constexpr size_t kChildrenAtOnce = 3;
constexpr int kUnfruitful = 2;
constexpr Duration kPause = std::chrono::milliseconds(200);

std::vector<ListedShard> children_among(const std::vector<ListedShard>& shards, const ShardId& parent) {
  std::vector<ListedShard> children;
  for (const ListedShard& shard : shards) {
    if (std::ranges::find(shard.parents, parent) != shard.parents.end()) children.push_back(shard);
  }
  return children;
}

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

void StreamsListing::read_page(const RunPtr& run, const std::optional<ShardId>& after) {
  const aws::DescribeStreamRequest request{run->stream, after, std::nullopt};
  api_.describe_stream(request, lifeline_.guard([this, run, after](Result<aws::StreamsDescription> page) {
    take_page(run, after, std::move(page));
  }));
}

void StreamsListing::take_page(const RunPtr& run, const std::optional<ShardId>& after,
                               Result<aws::StreamsDescription> page) {
  if (!page) {
    // The pages before are not read again because a later one has failed.
    const bool passes =
        page.error().kind == ErrorKind::throttled || (page.error().kind == ErrorKind::unreachable && run->pages > 0);
    if (!passes || run->failures >= kTries) return run->done(forward_error(std::move(page)));
    loop_.after(kPause * (1 << run->failures++), lifeline_.guard([this, run, after] { read_page(run, after); }));
    return;
  }
  on_answer_(*page);
  ++run->pages;
  run->failures = 0;
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
  forget_all_but(run->shards);
  for (const auto& [id, shard] : run->shards) {
    const bool known = !shard.parent || run->shards.contains(*shard.parent) || trimmed_.contains(*shard.parent);
    if (!known && std::ranges::find(run->missing, *shard.parent) == run->missing.end())
      run->missing.push_back(*shard.parent);
  }
  ask_for_missing(run);
}

/// What is known of shards that no listing speaks of any more is of no use.
void StreamsListing::forget_all_but(const std::map<ShardId, aws::StreamsShard>& shards) {
  std::set<ShardId> parents;
  for (const auto& [id, shard] : shards) {
    if (shard.parent) parents.insert(*shard.parent);
  }
  std::erase_if(trimmed_, [&](const ShardId& id) { return !parents.contains(id); });
  std::erase_if(unfruitful_, [&](const auto& entry) { return !shards.contains(entry.first); });
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
  const bool alone = knows_children_ && asking_ < kChildrenAtOnce && unfruitful_[shard] < kUnfruitful;
  if (alone) return ask_for_children(stream, {shard, std::move(done)});
  waiting_.push_back({shard, std::move(done)});
  if (!listing_for_waiting_) list_for_waiting(stream);
}

void StreamsListing::ask_for_children(const aws::Arn& stream, Waiting waiting) {
  ++asking_;
  const ShardId shard = waiting.shard;
  auto take = [this, stream, waiting = std::move(waiting)](Result<aws::StreamsDescription> page) mutable {
    --asking_;
    if (!page) {
      if (page.error().kind == ErrorKind::refused) knows_children_ = false;
      const bool listing_may = !knows_children_ || page.error().kind == ErrorKind::throttled;
      if (!listing_may) return waiting.done(forward_error(std::move(page)));
      waiting_.push_back(std::move(waiting));
      if (!listing_for_waiting_) list_for_waiting(stream);
      return;
    }
    on_answer_(*page);
    std::map<ShardId, aws::StreamsShard> shards;
    for (aws::StreamsShard& one : page->shards) shards[one.id] = std::move(one);
    std::vector<ListedShard> children = children_among(listed(shards), waiting.shard);
    if (children.empty()) ++unfruitful_[waiting.shard];
    waiting.done(std::move(children));
  };
  api_.describe_stream({stream, std::nullopt, shard}, lifeline_.guard(std::move(take)));
}

void StreamsListing::list_for_waiting(const aws::Arn& stream) {
  listing_for_waiting_ = true;
  auto served = std::make_shared<std::vector<Waiting>>(std::exchange(waiting_, {}));
  list(stream, lifeline_.guard([this, stream, served](Result<std::vector<ListedShard>> shards) {
    listing_for_waiting_ = false;
    for (Waiting& one : *served) {
      unfruitful_.erase(one.shard);
      one.done(shards ? Result<std::vector<ListedShard>>(children_among(*shards, one.shard)) : shards);
    }
    // Who came in the meantime may ask for what this listing could not have.
    if (!waiting_.empty() && !listing_for_waiting_) list_for_waiting(stream);
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

}  // namespace ctk::source
