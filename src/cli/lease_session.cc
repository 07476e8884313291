#include "cli/lease_session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "aws/dynamodb_http.h"
#include "aws/dynamodb_writes_http.h"
#include "cli/load_plan.h"
#include "coordination/lease_table.h"
#include "coordination/lease_writes.h"

namespace ctk::cli {
namespace {

using coordination::Lease;
using coordination::LeaseSettings;

constexpr Duration kLookEvery = std::chrono::seconds(1);

/// Where DynamoDB is, and who asks.
struct LeasePlace {
  aws::ServiceEndpoint tables;
  aws::CredentialRequest credentials;
  Duration failover;
};

Result<LeasePlace> lease_place(const std::string& table, const std::optional<std::string>& source, const FlagValues& flags,
                               World& world) {
  const std::string url = source.value_or("dynamodb+cdc://aws/" + table);
  auto plan = plan_source(url, flags, world.environment(), is_readable_file);
  if (!plan) return forward_error(std::move(plan));
  const Duration failover = plan->options.duration("failover-time").value_or(LeaseSettings().failover);
  const aws::CredentialRequest* credentials = plan->credentials();
  if (credentials == nullptr) return usage("leases are of streams, found a file");
  return LeasePlace{plan->leases, *credentials, failover};
}

coordination::StoredPosition position_row(const Lease& lease) {
  coordination::StoredPosition row;
  row.shard = lease.shard;
  row.position = coordination::position_of(lease).value_or(coordination::Position::trim_horizon());
  row.incarnation = lease.own.incarnation;
  row.epoch = lease.own.epoch;
  row.read_to = lease.own.read_to;
  row.fence = lease.counter;
  row.worker = lease.holder();
  return row;
}

}  // namespace

std::optional<std::string> LeaseSession::table_of(const FlagValues& flags) {
  std::optional<std::string> table;
  for (const auto& [name, value] : flags) {
    if (name == "lease-table") table = value;
  }
  return table;
}

Result<std::unique_ptr<LeaseSession>> LeaseSession::open(const std::string& table, const std::optional<std::string>& source,
                                                         const FlagValues& flags, World& world) {
  auto place = lease_place(table, source, flags, world);
  if (!place) return forward_error(std::move(place));
  std::unique_ptr<LeaseSession> session(new LeaseSession(aws::TableName(table), place->tables, place->failover, world));
  auto aws = WiredAws::make(place->credentials, world, session->loop_);
  if (!aws) return forward_error(std::move(aws));
  session->begin(std::move(*aws));
  return session;
}

LeaseSession::LeaseSession(aws::TableName table, const aws::ServiceEndpoint& tables, Duration failover, World& world)
    : world_(world), table_(std::move(table)), tables_at_(tables), loop_(world.clock), tasks_(loop_) {
  settings_.failover = failover;
}

void LeaseSession::begin(std::unique_ptr<WiredAws> aws) {
  aws_ = std::move(aws);
  reads_ = aws::make_dynamodb_http(tables_at_, aws_->credentials(), aws_->calls(), aws_->decoder(), world_.clock);
  writes_ = aws::make_dynamodb_writes_http(tables_at_, aws_->credentials(), aws_->calls(), aws_->decoder(), world_.clock);
  thread_ = std::thread([this] { loop_.run(); });
}

LeaseSession::~LeaseSession() {
  loop_.quit();
  if (thread_.joinable()) thread_.join();
}

/// Of the load, too, if there was one.
Task<Result<std::vector<Lease>>> LeaseSession::read() {
  const coordination::BoundPage bound = [](Done<aws::ScanPage> done) { return done; };
  Result<std::vector<Lease>> leases = co_await coordination::read_leases(*reads_, table_, tasks_, world_.log, bound);
  if (!leases) co_return leases;
  Result<std::vector<Lease>> segments =
      co_await coordination::read_leases(*reads_, coordination::load_lease_table_name(table_), tasks_, world_.log, bound);
  // Whoever never loads with many workers has no such table, nor rights for it.
  const bool has_none =
      !segments && (segments.error().kind == ErrorKind::not_found || segments.error().kind == ErrorKind::denied);
  if (!segments && !has_none) co_return segments;
  if (segments) std::ranges::move(*segments, std::back_inserter(*leases));
  co_return leases;
}

Result<std::vector<Lease>> LeaseSession::leases() {
  return wait<std::vector<Lease>>([this] { return read(); });
}

Result<RelayRows> LeaseSession::positions() {
  auto leases = this->leases();
  if (!leases) return forward_error(std::move(leases));
  RelayRows relay{coordination::RelayName(table_.str()), {}};
  for (const Lease& lease : *leases) relay.second.push_back(position_row(lease));
  return relay;
}

/// The leases, once it is certain that nobody renews them.
Task<Result<std::vector<Lease>>> LeaseSession::read_without_holders() {
  coordination::LeaseView view;
  for (;;) {
    const Duration sent = world_.clock.monotonic();
    Result<std::vector<Lease>> leases = co_await read();
    if (!leases) co_return leases;
    view.scanned(*leases, sent, world_.clock.monotonic());
    const std::set<coordination::WorkerName> living = living_holders(view);
    if (!living.empty()) {
      std::vector<std::string> names;
      for (const coordination::WorkerName& name : living) names.push_back(name.str());
      co_return fail(ErrorKind::refused,
                     fmt::format("workers hold leases of table '{}': {}", table_.str(), fmt::join(names, ", ")), "",
                     "stop them first");
    }
    if (!may_be_held(view, settings_, world_.clock.monotonic())) co_return leases;
    co_await tasks_.pause(kLookEvery);
  }
}

/// What somebody has changed meanwhile stays.
Task<Result<size_t>> LeaseSession::remove_all() {
  Result<std::vector<Lease>> leases = co_await read_without_holders();
  if (!leases) co_return forward_error(std::move(leases));
  size_t removed = 0;
  for (const Lease& lease : *leases) {
    const coordination::LeaseWrite removal = coordination::RemoveLease{lease.shard, lease.counter};
    const aws::ItemWrite write = to_item_write(removal, coordination::table_with_lease(table_, lease.shard));
    Result<aws::WriteOutcome> outcome = co_await tasks_.answer<aws::WriteOutcome>(
        [&](Done<aws::WriteOutcome> done) { writes_->write_item(write, std::move(done)); });
    if (!outcome) co_return forward_error(std::move(outcome));
    if (outcome->applied) ++removed;
  }
  co_return removed;
}

Result<size_t> LeaseSession::reset() {
  return wait<size_t>([this] { return remove_all(); });
}

}  // namespace ctk::cli
