#include "coordination/lease_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/deadline.h"
#include "base/retry.h"
#include "coordination/lease_scan.h"
#include "shards/segment.h"

namespace ctk::coordination {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kMostCalls = 64;  // under way at once
constexpr size_t kLongestName = 255;
constexpr Duration kSumUpAfter = seconds(60);

const std::vector<aws::KeyAttribute>& lease_table_keys() {
  static const std::vector<aws::KeyAttribute> keys{{"leaseKey", 'S'}};
  return keys;
}

/// Whether another try may help.
bool is_passing(ErrorKind kind) {
  return may_pass(kind) || kind == ErrorKind::expired || kind == ErrorKind::skewed || kind == ErrorKind::stopped;
}

LeaseWriteAnswer::Kind kind_of(const Error& error) {
  // A refusal in words says that nothing was done; who does not answer, or answers nonsense, may have done it.
  const bool was_refused = error.kind == ErrorKind::throttled || error.kind == ErrorKind::denied ||
                           error.kind == ErrorKind::refused || error.kind == ErrorKind::not_found;
  return was_refused ? LeaseWriteAnswer::Kind::refused : LeaseWriteAnswer::Kind::unknown;
}

Result<std::optional<Lease>> to_row(Result<std::optional<std::string>> item) {
  if (!item) return forward_error(std::move(item));
  return *item ? read_lease(**item) : std::optional<Lease>();
}

std::string_view to_string(HeldLease::End why) {
  switch (why) {
    case HeldLease::End::none: return "";
    case HeldLease::End::stored_end: return "the shard's end is stored";
    case HeldLease::End::let_go: return "it was let go";
    case HeldLease::End::expired: return "it could not be renewed in time";
    case HeldLease::End::taken: return "another worker has it";
  }
  return "";
}

}  // namespace

aws::TableName lease_table_name(const RelayName& relay) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  std::string name = relay.str().substr(0, kLongestName);
  std::ranges::replace_if(name, [&](char c) { return !kAllowed.contains(c); }, '-');
  return aws::TableName(std::move(name));
}

aws::TableName load_lease_table_name(const aws::TableName& leases) {
  constexpr std::string_view kSuffix = "-load";
  return aws::TableName(leases.str().substr(0, kLongestName - kSuffix.size()) + std::string(kSuffix));
}

aws::TableName table_with_lease(const aws::TableName& leases, const aws::ShardId& shard) {
  return shards::is_segment(shard) ? load_lease_table_name(leases) : leases;
}

LeaseTable::LeaseTable(EventLoop& loop, Clock& clock, aws::DynamoDbApi& reads, aws::DynamoDbWritesApi& writes, Log& log,
                       LeaseTableOptions options, LeaseHolder& holder)
    : loop_(loop),
      clock_(clock),
      reads_(reads),
      writes_(writes),
      log_(log),
      options_(std::move(options)),
      holder_(holder),
      keeper_(options_.settings, options_.seed),
      reading_outage_(options_.settings.renew_every()),
      writing_outage_(options_.settings.renew_every()),
      tasks_(loop) {}

template <class T>
Done<T> LeaseTable::within_limit(Done<T> done) {
  return Deadline(loop_, clock_, options_.settings.renew_every(), "the lease table").hold(std::move(done));
}

// Making the table.

void LeaseTable::start(Done<bool> done) {
  tasks_.spawn(prepare(), [this, done = std::move(done)](Result<bool> prepared) mutable {
    if (prepared) {
      running_ = true;
      if (options_.is_alone) keeper_.made_table(now());
      pump();
    }
    done(std::move(prepared));
  });
}

Task<Result<bool>> LeaseTable::prepare() {
  Result<bool> ready = co_await make_table();
  if (options_.is_ours || !ready) co_return ready;
  if (retired_) co_return fail(ErrorKind::stopped, "the worker was stopped before its lease table could be used");
  kcl_.emplace(loop_, clock_, reads_, writes_, log_,
               KclFleetOptions{options_.table, options_.settings.worker, options_.settings.renew_every(), options_.seed},
               [this](bool leads) { led(leads); });
  ready = co_await tasks_.answer<bool>([&](Done<bool> done) { kcl_->start(std::move(done)); });
  if (ready && kcl_->leads()) perform(keeper_.led(true, now()));
  co_return ready;
}

void LeaseTable::led(bool by_others) {
  if (running_) perform(keeper_.led(by_others, now()));
}

Task<Result<bool>> LeaseTable::make_table() {
  Retry retry({.first = milliseconds(100), .longest = seconds(2), .budget = seconds(60)});
  Random random(options_.seed);
  for (;;) {
    Result<aws::TableDescription> table = co_await tasks_.answer<aws::TableDescription>(
        [&](Done<aws::TableDescription> done) { reads_.describe_table(options_.table, std::move(done)); });
    if (!table && table.error().kind == ErrorKind::not_found) {
      const aws::NewTable wanted{options_.table, lease_table_keys()};
      table = co_await tasks_.answer<aws::TableDescription>(
          [&](Done<aws::TableDescription> done) { writes_.create_table(wanted, std::move(done)); });
      if (table) {
        keeper_.made_table(now());
        log_.info("made the lease table", {{"table", options_.table.str()}});
      }
    }
    if (!table && !is_passing(table.error().kind)) co_return forward_error(std::move(table));
    if (table && table->keys != lease_table_keys() && !table->keys.empty()) {
      co_return fail(ErrorKind::mismatch,
                     fmt::format("table '{}' is no lease table: its key is not leaseKey", options_.table.str()), "",
                     "name another one with lease-table=NAME");
    }
    if (table && table->status == "ACTIVE") co_return true;
    const auto pause = retry.failed(now(), random);
    if (!pause) {
      if (!table) co_return forward_error(std::move(table));
      co_return fail(ErrorKind::unreachable, fmt::format("lease table '{}' stays {}", options_.table.str(), table->status));
    }
    co_await tasks_.pause(*pause);
  }
}

// Calls.

Task<Result<bool>> LeaseTable::scan() {
  const Duration sent = now();
  const BoundPage bound = [this](Done<aws::ScanPage> done) {
    ++calls_.counted.scans;
    return within_limit(std::move(done));
  };
  Result<std::vector<Lease>> rows = co_await read_leases(reads_, options_.table, tasks_, log_, bound);
  heed(reading_outage_, rows);
  if (!rows) {
    perform(keeper_.not_scanned(now()));
    co_return forward_error(std::move(rows));
  }
  note_that_it_is_there(sent);
  perform(keeper_.scanned(std::move(*rows), sent, now()));
  co_return true;
}

Task<bool> LeaseTable::do_call(ScanLeases) {
  const Result<bool> scanned = co_await scan();
  co_return scanned.has_value();
}

void LeaseTable::read(Done<bool> done) { tasks_.spawn(scan(), std::move(done)); }

const Lease& LeaseTable::newest(const Lease& seen) const {
  const auto held = keeper_.held().find(seen.shard);
  return held == keeper_.held().end() ? seen : held->second.row();
}

Task<bool> LeaseTable::do_call(ReadLease read) {
  const std::string key = lease_key(read.shard);
  ++calls_.counted.reads;
  Result<std::optional<std::string>> item = co_await tasks_.answer<std::optional<std::string>>(
      [&](Done<std::optional<std::string>> done) { reads_.get_item(options_.table, key, within_limit(std::move(done))); });
  Result<std::optional<Lease>> row = to_row(std::move(item));
  heed(reading_outage_, row);
  perform(row ? keeper_.row_read(read.shard, std::move(*row), now()) : keeper_.row_not_read(read.shard, now()));
  co_return true;
}

Task<bool> LeaseTable::do_call(LeaseWrite write) {
  const aws::ItemWrite request = to_item_write(write, options_.table);
  const Duration sent = now();
  ++calls_.counted.writes;
  Result<aws::WriteOutcome> outcome = co_await tasks_.answer<aws::WriteOutcome>(
      [&](Done<aws::WriteOutcome> done) { writes_.write_item(request, within_limit(std::move(done))); });
  heed(writing_outage_, outcome);
  LeaseWriteAnswer answer;
  if (!outcome) {
    answer.kind = kind_of(outcome.error());
  } else {
    answer.kind = outcome->applied ? LeaseWriteAnswer::Kind::applied : LeaseWriteAnswer::Kind::conflict;
    if (outcome->item) answer.row = read_lease(*outcome->item).value_or(std::nullopt);
  }
  perform(keeper_.written(write, std::move(answer), sent, now()));
  co_return true;
}

template <class T>
void LeaseTable::heed(TableOutage& outage, const Result<T>& answer) {
  if (answer) {
    if (const auto after = outage.worked(now())) holder_.leases_work(*after);
    return;
  }
  const Error& error = answer.error();
  ++(error.kind == ErrorKind::throttled ? calls_.counted.throttled : calls_.counted.failed);
  log_.debug("a call of the lease table failed", {{"reason", ctk::to_string(error)}});
  if (outage.failed(error, is_passing(error.kind), now())) holder_.leases_failed(in_words(error));
}

/// By what was read of it since `sent`. Who holds nothing would not hear of it else, since it writes nothing.
void LeaseTable::note_that_it_is_there(Duration sent) {
  const Error* error = writing_outage_.error(now());
  if (error == nullptr || error->kind != ErrorKind::not_found || sent < writing_outage_.since()) return;
  if (const auto after = writing_outage_.worked(now())) holder_.leases_work(*after);
}

Error LeaseTable::in_words(const Error& error) const {
  if (error.kind != ErrorKind::not_found) return error;
  return {error.kind,
          fmt::format("lease table '{}' is not there any more: nothing is read until it is", options_.table.str()),
          ctk::to_string(error), "restore it, or start one more worker, which makes it anew: all go on where they stood"};
}

LeaseFigures LeaseTable::figures() const {
  const Duration at = clock_.monotonic();
  LeaseFigures figures;
  figures.held = held();
  figures.workers = keeper_.workers(at);
  figures.counts = counts();
  figures.calls = calls_.counted;
  figures.since_renewal = keeper_.since_renewal(at);
  for (const TableOutage* outage : {&reading_outage_, &writing_outage_}) {
    const Error* error = outage->error(at);
    if (error == nullptr) continue;
    const Duration lasts = at - outage->since();
    if (!figures.outage || lasts > figures.outage->lasts)
      figures.outage = LeaseOutage{lasts, ctk::to_string(in_words(*error))};
  }
  return figures;
}

template <class Call>
void LeaseTable::begin(Call call) {
  ++calls_.in_flight;
  tasks_.start(do_call(std::move(call)), [this](bool) {
    --calls_.in_flight;
    begin_calls();
  });
}

void LeaseTable::begin_calls() {
  while (calls_.in_flight < kMostCalls && !calls_.waiting.empty()) {
    auto call = std::move(calls_.waiting.front());
    calls_.waiting.pop_front();
    std::visit([this](auto& each) { begin(std::move(each)); }, call);
  }
}

// The keeper's actions.

void LeaseTable::act(LeaseWrite& write) {
  const auto* asks = std::get_if<AskForLease>(&write);
  if (asks != nullptr && !asks->withdrawn)
    report("asks for a lease", {{"shard", asks->shard.str()}, {"of", asks->owner.str()}, {"held", held()}});
  calls_.waiting.emplace_back(std::move(write));
}

void LeaseTable::pump() {
  if (running_) perform(keeper_.advance(now()));
}

void LeaseTable::perform(LeaseActions actions) {
  for (LeaseAction& action : actions) std::visit([this](auto& each) { act(each); }, action);
  begin_calls();
  wake_when_due();
  check_stopped();
}

void LeaseTable::wake_when_due() {
  if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
  const Duration due = keeper_.due();
  if (due == Duration::max()) return;
  timer_ = loop_.after(std::max(due - now(), Duration(milliseconds(1))), tasks_.guard([this] {
    timer_ = 0;
    pump();
  }));
}

void LeaseTable::check_stopped() {
  if (!stopped_ || !keeper_.is_idle()) return;
  running_ = false;
  tasks_.post([done = std::exchange(stopped_, nullptr)]() mutable { done(true); });
}

/// Segments of a load come and go by the dozen: what becomes of them is one line in a while.
void LeaseTable::report(std::string_view what, std::initializer_list<LogField> fields) {
  if (!options_.is_ours) return log_.info(what, fields);
  log_.debug(what, fields);
  if (moves_) return;
  moves_ = Moves();
  loop_.after(kSumUpAfter, tasks_.guard([this] { sum_up(); }));
}

void LeaseTable::sum_up() {
  const Moves moves = *std::exchange(moves_, std::nullopt);
  log_.info("segments of the load have been shared out", {{"held", held()},
                                                          {"taken", moves.taken},
                                                          {"let_go", moves.let_go},
                                                          {"lost", moves.lost},
                                                          {"finished", moves.finished}});
}

void LeaseTable::act(const LeaseGained& gained) {
  report("took a lease", {{"shard", gained.lease.shard.str()},
                          {"fence", gained.fence},
                          {"position", to_string(gained.lease.checkpoint)},
                          {"held", held()}});
  if (moves_) ++moves_->taken;
  holder_.lease_gained(gained.lease, gained.fence);
}

void LeaseTable::act(const LeaseAsked& asked) {
  const auto held = keeper_.held().find(asked.shard);
  const std::string by = held == keeper_.held().end() ? "" : held->second.row().owner.str();
  report("a lease is asked for", {{"shard", asked.shard.str()}, {"by", by}});
  holder_.lease_asked(asked.shard, asked.fence);
}

void LeaseTable::act(const LeaseStored& stored) {
  const auto found = waiting_.find(Hold{stored.shard, stored.fence});
  if (found == waiting_.end()) return;
  std::deque<Waiting>& waiting = found->second;
  while (!waiting.empty() && waiting.front().progress <= stored.progress) {
    auto done = std::move(waiting.front().done);
    waiting.pop_front();
    done(true);
  }
}

void LeaseTable::act(const LeaseEnded& ended) {
  const bool lost = ended.why == HeldLease::End::expired || ended.why == HeldLease::End::taken;
  const auto fields = {LogField("shard", ended.shard.str()), LogField("why", to_string(ended.why)),
                       LogField("held", held())};
  lost && !options_.is_ours ? log_.warn("lost a lease", fields)
                            : report(lost ? "lost a lease" : "a lease has ended", fields);
  if (moves_) ++(lost ? moves_->lost : ended.why == HeldLease::End::let_go ? moves_->let_go : moves_->finished);
  if (auto waiting = waiting_.extract(Hold{ended.shard, ended.fence})) {
    for (Waiting& each : waiting.mapped()) {
      each.done(fail(ErrorKind::fenced, fmt::format("shard {} is another worker's now", ended.shard.str())));
    }
  }
  holder_.lease_ended(ended.shard, ended.fence, ended.why);
}

// Wishes.

void LeaseTable::want(std::vector<WantedLease> shards) {
  tasks_.post([this, shards = std::move(shards)]() mutable {
    if (running_) perform(keeper_.want(std::move(shards), now()));
  });
}

void LeaseTable::wait_for(const Hold& hold, std::optional<uint64_t> progress, Done<bool> done) {
  if (!progress) {
    tasks_.post([shard = hold.first, done = std::move(done)]() mutable {
      done(fail(ErrorKind::fenced, fmt::format("the lease of shard {} is not held under that fence", shard.str())));
    });
    return;
  }
  waiting_[hold].push_back({*progress, std::move(done)});
  tasks_.post([this] { pump(); });
}

void LeaseTable::store(const aws::ShardId& shard, Fence fence, const Position& position, OwnProgress own, Done<bool> done) {
  wait_for({shard, fence}, keeper_.store(shard, fence, position, std::move(own)), std::move(done));
}

void LeaseTable::store_end(const aws::ShardId& shard, Fence fence, OwnProgress own,
                           const std::vector<WantedLease>& children, Done<bool> done) {
  wait_for({shard, fence}, keeper_.store_end(shard, fence, std::move(own), children, now()), std::move(done));
}

void LeaseTable::let_go(const aws::ShardId& shard, Fence fence) {
  keeper_.let_go(shard, fence);
  tasks_.post([this] { pump(); });
}

void LeaseTable::remove(const std::vector<aws::ShardId>& shards) {
  LeaseActions removals;
  for (const aws::ShardId& shard : shards) {
    const auto seen = this->seen().find(shard);
    if (seen == this->seen().end() || keeper_.held().contains(shard)) continue;
    removals.emplace_back(LeaseWrite(RemoveLease{shard, seen->second.lease.counter}));
  }
  tasks_.post([this, removals = std::move(removals)]() mutable {
    if (running_) perform(std::move(removals));
  });
}

void LeaseTable::retire(Done<bool> done) {
  retired_ = true;
  if (kcl_) return kcl_->stop(std::move(done));
  tasks_.post([done = std::move(done)]() mutable { done(true); });
}

void LeaseTable::stop(Done<bool> done) {
  stopped_ = std::move(done);
  tasks_.post([this] { perform(keeper_.stop(now())); });
  loop_.after(options_.settings.failover, tasks_.guard([this] {
    if (!stopped_) return;
    running_ = false;
    stopped_(false);
    stopped_ = nullptr;
  }));
}

}  // namespace ctk::coordination
