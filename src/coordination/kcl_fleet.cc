#include "coordination/kcl_fleet.h"

#include <fmt/format.h>

#include <utility>

#include "base/deadline.h"
#include "base/retry.h"
#include "coordination/lease_scan.h"

namespace ctk::coordination {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Leaders and reports move every 30 s.
constexpr Duration kLookAtThem = seconds(10);
constexpr Duration kLookForThem = seconds(30);

/// It will be the same at the next try: a right or a table is missing.
bool stays(const Error& error) {
  return error.kind == ErrorKind::not_found || error.kind == ErrorKind::denied || error.kind == ErrorKind::refused;
}

}  // namespace

template <class T>
Done<T> KclFleet::in_time(Done<T> done) {
  return Deadline(loop_, clock_, options_.call_limit, "DynamoDB").hold(std::move(done));
}

void KclFleet::start(Done<bool> done) {
  tasks_.spawn(join(), [this, done = std::move(done)](Result<bool> joined) mutable {
    if (joined) tasks_.start(watch(), [](bool) {});
    done(std::move(joined));
  });
}

/// A report that is on its way would come behind its being taken back.
void KclFleet::stop(Done<bool> done) {
  stopping_ = true;
  if (reporting_) {
    left_ = std::move(done);
  } else {
    tasks_.spawn(leave(), std::move(done));
  }
}

Task<Result<bool>> KclFleet::join() {
  Result<bool> seen = co_await look_first();
  if (!seen) co_return seen;
  if (stopping_) co_return fail(ErrorKind::stopped, "the worker was stopped before it had joined anybody");
  leads_ = presence_.leads(now());
  if (!presence_.lives(now())) co_return true;
  log_.info("workers of KCL 3 are at work, or were a moment ago",
            {{"table", options_.leases.str()}, {"one", presence_.one_of_them(now()).str()}, {"lead", leads_}});
  Result<bool> reported = co_await report();
  if (reported || !leads_ || !stays(reported.error())) co_return true;
  co_await leave();
  co_return fail(
      ErrorKind::refused,
      fmt::format("workers of the Kinesis Client Library 3 share the leases of table '{}', {} among them, and this "
                  "one cannot report to their leader",
                  options_.leases.str(), presence_.one_of_them(now()).str()),
      ctk::to_string(reported.error()), "allow it, or stop them first, or name another table with lease-table=NAME");
}

Task<bool> KclFleet::watch() {
  for (;;) {
    co_await tasks_.pause(presence_.lives(now()) ? kLookAtThem : kLookForThem);
    if (stopping_) co_return true;
    co_await look();
    if (stopping_) co_return true;
    if (!presence_.lives(now())) {
      if (!reported_.empty()) co_await leave();
      report_at_ = now();
    } else if (now() >= report_at_) {
      const Result<bool> reported = co_await report();
      heed(reported);
    }
    note_change();
  }
}

void KclFleet::note_change() {
  const bool leads = presence_.leads(now());
  if (stopping_ || std::exchange(leads_, leads) == leads) return;
  leads ? log_.info("a leader of KCL 3 shares the leases out", {{"one", presence_.one_of_them(now()).str()}})
        : log_.info("nobody of KCL 3 leads any more: workers share the leases by themselves");
  on_change_(leads);
}

void KclFleet::heed(const Result<bool>& reported) {
  if (reported) {
    outage_.worked(now());
  } else if (outage_.failed(reported.error(), !stays(reported.error()), now())) {
    log_.error("cannot report to the leader of KCL 3: it gives no lease to this worker",
               {{"error", ctk::to_string(reported.error())}});
  }
}

// Looking.

/// Nothing was seen before: a place that cannot be read may have a leader, who is alive.
Task<Result<bool>> KclFleet::look_first() {
  Retry retry({.first = milliseconds(100), .longest = seconds(2), .budget = seconds(60)});
  Random random(options_.seed);
  for (const KclPlace place : kKclPlaces) {
    for (;;) {
      Result<KclSigns> signs = co_await look_at(place);
      if (signs) {
        const std::map<KclPlace, KclSigns> seen{{place, std::move(*signs)}};
        presence_.looked(seen, clock_.now(), now());
        break;
      }
      const auto pause = retry.failed(now(), random);
      if (!pause) {
        co_return fail(
            ErrorKind::unreachable,
            fmt::format("cannot tell whether workers of the Kinesis Client Library 3 are at work on lease table '{}'",
                        options_.leases.str()),
            ctk::to_string(signs.error()));
      }
      co_await tasks_.pause(*pause);
    }
  }
  co_return true;
}

Task<bool> KclFleet::look() {
  std::map<KclPlace, KclSigns> places;
  for (const KclPlace place : kKclPlaces) {
    Result<KclSigns> signs = co_await look_at(place);
    if (signs) places[place] = std::move(*signs);
  }
  presence_.looked(places, clock_.now(), now());
  co_return true;
}

Task<Result<KclSigns>> KclFleet::look_at(KclPlace place) {
  const KclTables tables = kcl_tables(place, options_.leases);
  KclSigns signs;
  Result<std::string> leader = co_await item_at(tables.coordinator, tables.leader);
  if (!leader) co_return forward_error(std::move(leader));
  signs.leader = read_kcl_leader(*leader);
  Result<std::string> migration = co_await item_at(tables.coordinator, tables.migration);
  if (!migration) co_return forward_error(std::move(migration));
  signs.led_by_nobody = is_led_by_nobody(*migration);
  Result<KclReports> reports = co_await reports_at(tables.reports);
  if (!reports) co_return forward_error(std::move(reports));
  signs.reports = std::move(*reports);
  co_return signs;
}

Task<Result<std::string>> KclFleet::item_at(aws::TableName table, std::string key) {
  Result<std::optional<std::string>> item = co_await tasks_.answer<std::optional<std::string>>(
      [&](Done<std::optional<std::string>> done) { reads_.get_item(table, key, in_time(std::move(done))); });
  if (!item && !stays(item.error())) co_return forward_error(std::move(item));
  if (!item) note_blindness(table, item.error());
  if (!item || !*item) co_return std::string();
  co_return std::move(**item);
}

Task<Result<KclReports>> KclFleet::reports_at(aws::TableName table) {
  KclReports reports;
  const BoundPage bound = [this](Done<aws::ScanPage> done) { return in_time(std::move(done)); };
  const std::function<void(std::string_view)> take = [&](std::string_view item) { add_kcl_report(item, reports); };
  Result<bool> whole = co_await scan_items(reads_, table, tasks_, bound, take);
  if (!whole && !stays(whole.error())) co_return forward_error(std::move(whole));
  if (!whole) note_blindness(table, whole.error());
  co_return reports;
}

void KclFleet::note_blindness(const aws::TableName& table, const Error& error) {
  if (error.kind != ErrorKind::denied || !unseen_.insert(table).second) return;
  log_.warn("whether workers of KCL 3 are at work cannot be seen: allow it, or be sure that there are none",
            {{"table", table.str()}, {"error", ctk::to_string(error)}});
}

// Reporting.

Task<Result<bool>> KclFleet::report() {
  Result<bool> all = true;
  reporting_ = true;
  for (const KclPlace place : presence_.places(now())) {
    if (stopping_) break;
    const aws::ItemWrite row = report_to_kcl(kcl_tables(place, options_.leases), options_.worker, clock_.now());
    const bool is_first = reported_.insert(place).second;
    Result<bool> one = co_await write(row);
    if (!one && is_first && stays(one.error())) reported_.erase(place);  // there is none
    if (!one && all) all = std::move(one);
  }
  report_at_ = now() + (all ? kKclReportEvery : Duration{});
  reporting_ = false;
  if (left_) tasks_.spawn(leave(), std::exchange(left_, nullptr));
  co_return all;
}

Task<Result<bool>> KclFleet::leave() {
  Result<bool> all = true;
  for (const KclPlace place : std::exchange(reported_, {})) {
    Result<bool> one = co_await write(unreport_to_kcl(kcl_tables(place, options_.leases), options_.worker));
    if (one) continue;
    log_.warn("the report to the leader of KCL 3 stays: for a minute it may give leases to this worker",
              {{"error", ctk::to_string(one.error())}});
    all = std::move(one);
  }
  co_return all;
}

Task<Result<bool>> KclFleet::write(aws::ItemWrite write) {
  Result<aws::WriteOutcome> outcome = co_await tasks_.answer<aws::WriteOutcome>(
      [&](Done<aws::WriteOutcome> done) { writes_.write_item(write, in_time(std::move(done))); });
  if (!outcome) co_return forward_error(std::move(outcome));
  co_return true;
}

}  // namespace ctk::coordination
