#include "coordination/lease_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/retry.h"

namespace ctk::coordination {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kMostCalls = 64;  // under way at once
constexpr size_t kLongestName = 255;
constexpr size_t kLargestPage = 16u << 20;

const std::vector<aws::KeyAttribute>& lease_table_keys() {
  static const std::vector<aws::KeyAttribute> keys{{"leaseKey", 'S'}};
  return keys;
}

/// Whether another try may help.
bool is_passing(ErrorKind kind) {
  return kind == ErrorKind::unreachable || kind == ErrorKind::throttled || kind == ErrorKind::expired ||
         kind == ErrorKind::skewed || kind == ErrorKind::stopped;
}

LeaseWriteAnswer::Kind kind_of(const Error& error) {
  // A refusal in words says that nothing was done; who does not answer, or answers nonsense, may have done it.
  const bool said_no = error.kind == ErrorKind::throttled || error.kind == ErrorKind::denied ||
                       error.kind == ErrorKind::refused || error.kind == ErrorKind::not_found;
  return said_no ? LeaseWriteAnswer::Kind::refused : LeaseWriteAnswer::Kind::unknown;
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
      tasks_(loop) {}

/// `done` with the first of an answer and the time after which a lease's holder must know more.
template <class T>
Done<T> LeaseTable::within_limit(Done<T> done) {
  struct Race {
    Done<T> done;
    EventLoop::TimerId timer = 0;
  };
  auto race = std::make_shared<Race>(Race{std::move(done)});
  const Duration limit = options_.settings.renew_every();
  race->timer = loop_.after(limit, tasks_.guard([race, limit] {
    if (auto late = std::exchange(race->done, nullptr)) {
      late(fail(ErrorKind::unreachable, fmt::format("the lease table gave no answer within {}", format_duration(limit))));
    }
  }));
  return tasks_.guard([this, race](Result<T> answer) {
    if (auto waiting = std::exchange(race->done, nullptr)) {
      loop_.cancel(race->timer);
      waiting(std::move(answer));
    }
  });
}

// Making the table.

void LeaseTable::start(Done<bool> done) {
  tasks_.spawn(prepare(), [this, done = std::move(done)](Result<bool> prepared) mutable {
    if (prepared) {
      running_ = true;
      pump();
    }
    done(std::move(prepared));
  });
}

Task<Result<bool>> LeaseTable::prepare() {
  Result<bool> ready = co_await make_table();
  if (ready) ready = co_await await_no_leader(leader_in_lease_table(options_.table));
  if (ready) ready = co_await await_no_leader(leader_beside_lease_table(options_.table));
  co_return ready;
}

/// A table that is not there, or that may not be read, has no leader that we could know of.
Task<std::optional<KclLeader>> LeaseTable::leader_at(KclLeaderPlace place) {
  Result<std::optional<std::string>> item =
      co_await tasks_.answer<std::optional<std::string>>([&](Done<std::optional<std::string>> done) {
        reads_.get_item(place.table, place.key, within_limit(std::move(done)));
      });
  if (!item || !*item) co_return std::nullopt;
  co_return read_kcl_leader(**item);
}

Task<Result<bool>> LeaseTable::await_no_leader(KclLeaderPlace place) {
  const std::optional<KclLeader> first = co_await leader_at(place);
  if (!first) co_return true;
  log_.info("a leader of KCL 3 is on record: waiting to see whether it lives",
            {{"table", place.table.str()}, {"leader", first->owner.str()}, {"for", format_duration(first->lease)}});
  const Duration until = now() + first->lease;
  while (now() < until) {
    co_await tasks_.pause(std::min<Duration>(seconds(5), until - now()));
    const std::optional<KclLeader> again = co_await leader_at(place);
    if (!again) co_return true;
    if (again->version == first->version) continue;
    co_return fail(ErrorKind::refused,
                   fmt::format("workers of the Kinesis Client Library 3 share the leases of table '{}', led by {}",
                               options_.table.str(), again->owner.str()),
                   "", "stop them first, or name another table with lease-table=NAME");
  }
  co_return true;
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
      if (table) log_.info("made the lease table", {{"table", options_.table.str()}});
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

Task<Result<std::vector<Lease>>> LeaseTable::read_all() {
  std::vector<Lease> leases;
  aws::ScanRequest request{.table = options_.table, .max_answer_bytes = kLargestPage, .consistent = false};
  for (;;) {
    Result<aws::ScanPage> page = co_await tasks_.answer<aws::ScanPage>(
        [&](Done<aws::ScanPage> done) { reads_.scan(request, within_limit(std::move(done))); });
    if (!page) co_return forward_error(std::move(page));
    for (const std::string& item : page->items) {
      Result<std::optional<Lease>> lease = read_lease(item);
      if (!lease) log_.warn("passed over a row of the lease table", {{"reason", ctk::to_string(lease.error())}});
      if (lease && *lease) leases.push_back(std::move(**lease));
    }
    if (!page->next_key) co_return leases;
    request.start_key = std::move(*page->next_key);
  }
}

Task<Result<bool>> LeaseTable::scan() {
  const Duration sent = now();
  Result<std::vector<Lease>> rows = co_await read_all();
  if (!rows) {
    heed(rows.error());
    perform(keeper_.not_scanned(now()));
    co_return forward_error(std::move(rows));
  }
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
  Result<std::optional<std::string>> item = co_await tasks_.answer<std::optional<std::string>>(
      [&](Done<std::optional<std::string>> done) { reads_.get_item(options_.table, key, within_limit(std::move(done))); });
  Result<std::optional<Lease>> row = to_row(std::move(item));
  if (!row) heed(row.error());
  perform(row ? keeper_.row_read(read.shard, std::move(*row), now()) : keeper_.row_not_read(read.shard, now()));
  co_return true;
}

Task<bool> LeaseTable::do_call(LeaseWrite write) {
  const aws::ItemWrite request = to_item_write(write, options_.table);
  const Duration sent = now();
  Result<aws::WriteOutcome> outcome = co_await tasks_.answer<aws::WriteOutcome>(
      [&](Done<aws::WriteOutcome> done) { writes_.write_item(request, within_limit(std::move(done))); });
  LeaseWriteAnswer answer;
  if (!outcome) {
    heed(outcome.error());
    answer.kind = kind_of(outcome.error());
  } else {
    answer.kind = outcome->applied ? LeaseWriteAnswer::Kind::applied : LeaseWriteAnswer::Kind::conflict;
    if (outcome->item) answer.row = read_lease(*outcome->item).value_or(std::nullopt);
  }
  perform(keeper_.written(write, std::move(answer), sent, now()));
  co_return true;
}

void LeaseTable::heed(const Error& error) {
  log_.debug("a call of the lease table failed", {{"reason", ctk::to_string(error)}});
  if (!is_passing(error.kind)) holder_.leases_failed(error);
}

template <class Call>
void LeaseTable::begin(Call call) {
  ++in_flight_;
  tasks_.start(do_call(std::move(call)), [this](bool) {
    --in_flight_;
    begin_calls();
  });
}

void LeaseTable::begin_calls() {
  while (in_flight_ < kMostCalls && !calls_.empty()) {
    auto call = std::move(calls_.front());
    calls_.pop_front();
    std::visit([this](auto& each) { begin(std::move(each)); }, call);
  }
}

// The keeper's actions.

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

void LeaseTable::act(const LeaseGained& gained) {
  log_.info("took a lease", {{"shard", gained.lease.shard.str()},
                             {"fence", gained.fence},
                             {"position", to_string(gained.lease.checkpoint)},
                             {"held", held()}});
  holder_.lease_gained(gained.lease, gained.fence);
}

void LeaseTable::act(const LeaseAsked& asked) {
  const auto held = keeper_.held().find(asked.shard);
  const std::string by = held == keeper_.held().end() ? "" : held->second.row().owner.str();
  log_.info("a lease is asked for", {{"shard", asked.shard.str()}, {"by", by}});
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
  lost ? log_.warn("lost a lease", fields) : log_.info("a lease has ended", fields);
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
