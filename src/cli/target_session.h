// A target for commands that ask and wait: shell, show, positions, dead-letters.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "cli/interrupts.h"
#include "cli/target_url.h"
#include "cli/wiring.h"

namespace ctk::cli {

/// A SQLite file that is not there holds nothing that could be asked for: `not_found`. It is more likely another name that
/// was meant.
Status check_file(const sink::TargetOptions& target);

/// Runs the target's loop on a thread of its own; each call waits for its answer. Used from one thread.
///   auto session = TargetSession::open(words, world);  if (!session) …;  auto rows = (*session)->query("SELECT 1");
class TargetSession {
 public:
  /// Finds, checks and reaches the target. One that holds no tables (ndjson) is `usage`.
  static Result<std::unique_ptr<TargetSession>> open(const TargetWords& words, World& world);
  /// A dry run of such a target: what is applied is printed to `out`, and nobody can be asked.
  static std::unique_ptr<TargetSession> rehearse(const sink::TargetOptions& target, World& world, std::ostream& out);
  ~TargetSession();
  TargetSession(const TargetSession&) = delete;
  TargetSession& operator=(const TargetSession&) = delete;

  const sink::TargetOptions& target() const { return target_; }
  /// Those that were given.
  const OptionValues& options() const { return options_; }

  Result<sink::ResultSet> query(std::string sql);
  /// The same, within `patience`, or it is left alone: `stopped`. So it is by an interrupt, which is not taken.
  Result<sink::ResultSet> query_within(Duration patience, std::string sql, const Interrupts& interrupts);
  /// The same; an interrupt asks the database to stop it. `again` is called for each further one.
  Result<sink::ResultSet> query(std::string sql, Interrupts& interrupts, const std::function<void()>& again);
  Result<sink::TableReport> show(const table::QualifiedName& name);
  Result<std::vector<sink::DeadLetter>> dead_letters(std::optional<std::string> id);
  Result<sink::DeadLetterPage> dead_letter_page(std::string from, size_t bytes);

  // For writing, as their faces have it (sink/sink.h).
  Result<std::vector<coordination::TableRecord>> records();
  Result<bool> exists(const table::QualifiedName& name);
  Result<sink::OpenTable> open_table(const table::TableSpec& spec, const coordination::TableRegistration& registration);
  Result<sink::RowVersions> row_versions(const std::string& table, std::vector<std::string> keys);
  Result<std::vector<std::string>> retyping(const table::TableSpec& spec);
  Result<sink::BatchOutcome> apply(std::shared_ptr<const sink::Batch> batch);

  using RelayRows = std::pair<coordination::RelayName, std::vector<coordination::StoredPosition>>;
  /// All relays of the store, or the one that is named; a name without rows is `not_found`.
  Result<std::vector<RelayRows>> positions(const std::optional<std::string>& relay);
  Result<size_t> remove_positions(const coordination::RelayName& relay, bool finished_only);

 private:
  TargetSession(TargetPlan plan, World& world, std::ostream* dry_run_out);

  /// An answer that may come when nobody waits for it any more.
  class Pending;
  std::shared_ptr<Pending> begin(sink::Query query);
  /// Query::mark
  std::string mark();

  /// `call(done)` on the loop; waits for `done`.
  template <class T, class Call>
  Result<T> wait(Call call) {
    std::promise<Result<T>> promise;
    loop_.post([&] { call([&promise](Result<T> result) { promise.set_value(std::move(result)); }); });
    return promise.get_future().get();
  }

  World& world_;
  sink::TargetOptions target_;
  OptionValues options_;
  ThreadLoop loop_;
  WiredSink sink_;
  std::thread thread_;
};

}  // namespace ctk::cli
