// What a Verifier waits for: loads of the table, and relays that are late.
#include <algorithm>
#include <utility>

#include "shards/segment.h"
#include "verify/verifier_calls.h"

namespace ctk::verify {
namespace {

constexpr Duration kSettle = std::chrono::minutes(1);
/// A relay renews its rows every minute, even when it has nothing to read.
constexpr Duration kLiving = std::chrono::minutes(2);
/// How long after a relay's lag a difference is looked at: one that stands still would be waited for step by step.
constexpr Duration kBehindLag = std::chrono::seconds(15);
constexpr Duration kBetweenAsking = std::chrono::seconds(2);

}  // namespace

Task<Result<std::vector<coordination::TableRecord>>> Verifier::read_records() {
  using Records = std::vector<coordination::TableRecord>;
  auto read = [this](Done<Records> done) { sides_.sink.records(std::move(done)); };
  Result<Records> records = co_await insist<Records>(patience_, read);
  co_return records;
}

/// Reads the table's record again; a load that has begun since has raised its epoch.
Task<Result<bool>> Verifier::look_at_record() {
  Result<std::vector<coordination::TableRecord>> records = co_await read_records();
  if (!records) co_return forward_error(std::move(records));
  const auto record = std::ranges::find(*records, spec_->name.str(), &coordination::TableRecord::table);
  if (record == records->end()) co_return true;
  if (!record_ || record_->epoch != record->epoch) loads_.begun = env_.clock.monotonic();
  record_ = *record;
  co_return true;
}

/// Whether a load of the table has begun that somebody goes on with.
Task<Result<bool>> Verifier::is_loading() {
  Result<bool> looked = co_await look_at_record();
  if (!looked) co_return looked;
  if (!record_ || record_->load != coordination::LoadState::running) co_return false;
  // Of one that has just begun nobody may have positions yet.
  if (loads_.begun && env_.clock.monotonic() - *loads_.begun < kLiving) co_return true;
  using Names = std::vector<coordination::RelayName>;
  auto list = [this](Done<Names> done) { sides_.sink.positions().relays(std::move(done)); };
  Result<Names> names = co_await insist<Names>(patience_, list);
  if (!names) co_return forward_error(std::move(names));
  const Timestamp since = env_.clock.now() - kLiving;
  for (const coordination::RelayName& name : *names) {
    using Rows = std::vector<coordination::StoredPosition>;
    auto load = [this, &name](Done<Rows> done) { sides_.sink.positions().read(name, std::move(done)); };
    Result<Rows> rows = co_await insist<Rows>(patience_, load);
    if (!rows) co_return forward_error(std::move(rows));
    const bool loads = std::ranges::any_of(*rows, [&](const coordination::StoredPosition& row) {
      return row.epoch == record_->epoch && row.updated > since && shards::is_segment(row.shard);
    });
    if (loads) co_return true;
  }
  co_return false;
}

/// What a load has not brought yet would be missing.
Task<Result<bool>> Verifier::wait_for_load() {
  for (bool reported = false;; reported = true) {
    Result<bool> loading = co_await is_loading();
    if (!loading || !*loading) co_return loading;
    if (!reported) env_.log.info("the table is being loaded: it is compared once it is", {{"table", spec_->name.str()}});
    co_await tasks_.pause(kBetweenAsking);
    if (failure_) co_return std::unexpected(*failure_);
  }
}

/// A load writes all rows once more, and what the stream tells anew may be older than what they were; and a relay that
/// falls behind is late with more than it was. Until that is over a difference tells nothing.
Task<Result<bool>> Verifier::note_disturbance() {
  const std::optional<Duration> before = loads_.begun;
  Result<bool> loading = co_await is_loading();
  if (!loading) co_return loading;
  if (*loading || loads_.begun != before) {
    Result<bool> over = co_await wait_for_load();
    if (!over) co_return over;
    loads_.disturbed_until = env_.clock.monotonic();
  }
  Result<Duration> settle = co_await choose_settle();
  if (!settle) co_return forward_error(std::move(settle));
  pending_->lengthen(*settle);
  co_return true;
}

Task<Result<Duration>> Verifier::choose_settle() {
  if (options_.settle) co_return *options_.settle;
  Duration settle = kSettle;
  if (!record_) co_return settle;
  const Timestamp now = env_.clock.now();
  for (const coordination::RelayName& relay : record_->relays) {
    using Rows = std::vector<coordination::StoredPosition>;
    auto load = [this, &relay](Done<Rows> done) { sides_.sink.positions().read(relay, std::move(done)); };
    Result<Rows> rows = co_await insist<Rows>(patience_, load);
    if (!rows) co_return forward_error(std::move(rows));
    const bool lives = std::ranges::any_of(*rows, [&](const auto& row) { return row.updated > now - kLiving; });
    const Timestamp read_to = coordination::watermark(*rows);
    if (!lives || read_to == kNoTime) continue;
    settle = std::max(settle, std::chrono::duration_cast<Duration>(now - read_to) + kBehindLag);
  }
  co_return settle;
}

}  // namespace ctk::verify
