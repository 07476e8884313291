#include "cli/lease_session.h"

#include "aws/dynamodb_http.h"
#include "aws/dynamodb_writes_http.h"
#include "cli/load_plan.h"

namespace ctk::cli {
namespace {

using coordination::Lease;
using coordination::LeaseSettings;

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

coordination::LeaseAccess LeaseSession::access() { return {*reads_, *writes_, world_.clock, world_.log, tasks_}; }

Result<std::vector<Lease>> LeaseSession::leases() {
  return wait<std::vector<Lease>>([this] { return coordination::read_leases_and_segments(access(), table_); });
}

Result<RelayRows> LeaseSession::positions() {
  auto leases = this->leases();
  if (!leases) return forward_error(std::move(leases));
  RelayRows relay{coordination::RelayName(table_.str()), {}};
  for (const Lease& lease : *leases) relay.second.push_back(position_row(lease));
  return relay;
}

Result<size_t> LeaseSession::reset() {
  return wait<size_t>([this] { return coordination::reset_leases(access(), table_, settings_); });
}

}  // namespace ctk::cli
