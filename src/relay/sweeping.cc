#include "relay/sweeping.h"

#include <utility>

namespace ctk::relay {

sink::SweepRequest sweep_request(const Run& run, const Life& life, const std::string& table) {
  sink::SweepRequest request;
  request.table = table;
  request.relay = run.name;
  request.explicit_grace = run.options.sweep.grace.has_value();
  request.grace = run.options.sweep.grace.value_or(run.identity.traits.lateness);
  // A delete may be nearly a tick younger than it says.
  if (request.grace != Duration::max()) request.grace += run.identity.traits.clock_tick;
  if (run.options.tables.deletes == table::Deletes::soft) request.grace = Duration::max();
  // The target does not know how far the shards were read.
  if (run.is_shared() && !run.positions_with_rows()) request.watermark = life.shared_read_to;
  if (run.positions_in_memory()) {
    if (request.explicit_grace)
      request.watermark = run.env.clock.now();
    else
      request.grace = Duration::max();
  }
  request.floor =
      run.positions_with_rows() ? run.options.sweep.floor.value_or(Duration{}) : run.options.sweep.unfenced_floor();
  if (request.explicit_grace && run.positions_in_memory() && run.identity.traits.bounded)
    request.floor = run.options.sweep.floor.value_or(Duration{});
  return request;
}

void Sweeping::sweep(Sweeper::Purpose purpose, std::move_only_function<void()> then) {
  if (!sweeper_.is_idle()) {
    // The round under way may be of older rows.
    run_.env.loop.after(std::chrono::milliseconds(50), state_.guarded([this, purpose, then = std::move(then)]() mutable {
      sweep(purpose, std::move(then));
    }));
    return;
  }
  sweeper_.begin(purpose, tables_.open_tables());
  sweep_next(std::move(then));
}

void Sweeping::sweep_next(std::move_only_function<void()> then) {
  const std::optional<std::string> table = sweeper_.next();
  if (!table) {
    if (sweeper_.counts()) counters_.note_rows(sweeper_.totals().living, sweeper_.totals().tombstones);
    return then();
  }
  sink::SweepRequest request = sweep_request(run_, *state_.life, *table);
  sweeper_.complete(request);
  run_.sink.sweep(request, state_.guarded([this, table = *table,
                                           then = std::move(then)](const Result<sink::SweepOutcome>& outcome) mutable {
    if (on_swept(table, outcome)) sweep_next(std::move(then));
  }));
}

bool Sweeping::on_swept(const std::string& table, const Result<sink::SweepOutcome>& outcome) {
  const std::string doing = "sweeping " + table;
  if (outcome) {
    course_.report_working(Side::target, doing);
    sweeper_.swept(*outcome);
    take_sweep_of_load(table, *outcome);
    if (outcome->swept > 0) run_.env.log.info("swept", {{"table", table}, {"marks", outcome->swept}});
    return true;
  }
  sweeper_.failed();
  if (outcome.error().kind == ErrorKind::mismatch && sweeper_.purpose() != Sweeper::Purpose::only_counting) {
    sweeper_.break_off();
    course_.lost_table(outcome.error());
    return false;
  }
  if (sweeper_.counts()) {
    run_.env.log.warn("the table's rows could not be counted", {{"table", table}, {"error", to_string(outcome.error())}});
  } else if (outages_.of(Side::target).failed(doing, outcome.error(), run_.now())) {
    run_.env.log.warn(doing + " failed, it will be tried again", {{"error", to_string(outcome.error())}});
  }
  return true;
}

void Sweeping::take_sweep_of_load(const std::string& table, const sink::SweepOutcome& outcome) {
  if (outcome.older_swept > 0)
    run_.env.log.info("swept what the load has not seen", {{"table", table}, {"rows", outcome.older_swept}});
  if (state_.life->load && state_.life->load->table() == table && outcome.load)
    state_.life->load->take_state(*outcome.load);
}

}  // namespace ctk::relay
