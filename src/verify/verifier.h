// Puts a table in DynamoDB beside its table in the target, while both are written to: rows are marked in one walk, where
// they are not too many; of every item that its row's mark does not tell the row is looked up by key, page after page of a
// parallel Scan; then the target's keys are walked for rows that no item was seen of; and each difference is looked at
// again until it is gone or stands. Decisions are PageWork's, judge's and Pending's; this waits for
// the answers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_api.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/job_queue.h"
#include "base/log.h"
#include "base/random.h"
#include "base/task.h"
#include "coordination/table_record.h"
#include "sink/sink.h"
#include "source/snapshot_source.h"
#include "verify/difference.h"
#include "verify/page_work.h"
#include "verify/pending.h"

namespace ctk::verify {

struct VerifyOptions {
  aws::TableName table;                     ///< name or ARN
  std::string schema;                       ///< the target's
  std::optional<std::string> target_table;  ///< nothing: where a relay would put the source table
  table::TableOptions tables;
  std::optional<int> segments;
  std::optional<Duration> settle;  ///< nothing: a minute, or a while more than a living relay's lag, as it is then
  double sample = 1;
  bool repair = false;  ///< rows of differences that stand
  Duration start_timeout = std::chrono::seconds(30);
  Duration give_up = std::chrono::minutes(15);
};

struct VerifyTotals {
  uint64_t items = 0;  ///< of the Scan
  uint64_t rows = 0;   ///< living ones of the target
  uint64_t equal = 0;  ///< items whose rows hold them, those of settled differences too
  uint64_t missing = 0, extra = 0, different = 0;
  uint64_t settled = 0;   ///< differences that went away
  uint64_t repaired = 0;  ///< of those that stood: their rows hold their items now
  bool operator==(const VerifyTotals&) const = default;

  /// Whether any stands, and was not repaired.
  bool found_differences() const { return missing + extra + different > repaired; }
};

/// What it looks at, and with what. All outlive it. Nothing else uses `sink` meanwhile.
struct VerifySides {
  source::SnapshotSource& items;
  aws::DynamoDbApi& api;
  sink::Sink& sink;
  sink::RowReader& rows;
  sink::RowRepairer& repairer;
  sink::Console& console;
};

struct VerifyEnvironment {
  EventLoop& loop;
  Clock& clock;
  Random& random;
  Log& log;
  std::unique_ptr<Executor> decoder;  ///< reads items
  std::unique_ptr<Executor> worker;   ///< compares them
};

/// Used on the loop. `run` once; `done` gives the totals, or why the two could not be compared.
class Verifier {
 public:
  Verifier(VerifyOptions options, VerifySides sides, VerifyEnvironment environment);
  ~Verifier();

  /// `stands` is told each difference that stands, as soon as it does.
  void run(std::function<void(const Difference&)> stands, Done<VerifyTotals> done);
  /// So far.
  const VerifyTotals& totals() const { return totals_; }
  /// Differences that are yet to be looked at again.
  size_t pending() const { return pending_ ? pending_->size() : 0; }

 private:
  Task<Result<VerifyTotals>> compare_tables();
  Task<Result<bool>> open();
  Status check_incarnation();
  Task<Result<bool>> check_keys();
  Task<Result<bool>> wait_for_load();
  Task<Result<bool>> is_loading();
  Task<Result<bool>> look_at_record();
  Task<Result<bool>> note_disturbance();
  Result<bool> make_spec(const std::vector<coordination::TableRecord>& records);
  Task<Result<Duration>> choose_settle();
  Task<Result<bool>> mark_rows();
  bool trusts_marks() const;
  Task<Result<bool>> compare_segments();
  Task<Result<bool>> compare_page(source::SegmentPage page);
  Task<Result<bool>> walk_target();
  Task<Result<bool>> settle_all();
  /// Both sides of differences, in their order.
  struct Sides {
    ReadItems keys;
    sink::RowReader::Rows rows;
    std::vector<std::optional<std::string>> items;
  };
  Task<Result<Sides>> read_sides(const std::vector<Difference>& differences);
  bool will_be_swept(const Look& look) const;
  Task<Result<bool>> look_again(std::vector<Difference> due);
  Task<Result<bool>> repair(std::vector<Difference> standing);
  Task<Result<sink::RowReader::Rows>> read_rows(std::vector<std::vector<table::KeyCell>> keys);
  Task<Result<std::optional<std::string>>> get_item(const Difference& difference);
  Status take(PageFindings findings);
  void conclude(const Difference& difference);

  using Part = std::function<Task<Result<bool>>(size_t)>;
  /// Several of a kind at once, until each has returned; the first failure stops all and is what comes of them.
  Task<Result<bool>> all_of(size_t count, const Part& each);
  /// Calls again what fails for want of an answer, for as long as `budget`.
  template <class T, class Call>
  Task<Result<T>> insist(Duration budget, Call& call);
  Task<Result<std::vector<coordination::TableRecord>>> read_records();
  /// As a job. (These two: verifier_calls.h.)
  template <class T, class Work>
  auto at(JobQueue& jobs, Work& work);
  template <class T, class Work>
  auto at_work(Work& work) {
    return at<T>(jobs_, work);
  }

  VerifyOptions options_;
  VerifySides sides_;
  VerifyEnvironment env_;
  std::function<void(const Difference&)> stands_;
  source::SnapshotIdentity identity_;
  std::optional<coordination::TableRecord> record_;
  std::shared_ptr<const table::TableSpec> spec_;
  std::shared_ptr<PageReader> reader_;  ///< the decoder's
  std::shared_ptr<PageWork> work_;      ///< the worker's
  std::optional<Pending> pending_;
  std::optional<Duration> marked_;  ///< since when rows have been marked
  VerifyTotals totals_;
  uint64_t unswept_ = 0;  ///< rows without items of which that is known
  struct Finding {
    int next_segment = 0;
    bool over = false;  ///< no further difference is found
  } finding_;
  std::optional<Error> failure_;
  Duration patience_;  ///< with what does not answer
  struct Loads {
    std::optional<Duration> begun;  ///< since when one is known that has begun in this run
    Duration disturbed_until{};     ///< what differed up to then tells nothing
  } loads_;
  TaskGroup tasks_;
  JobQueue decoding_, jobs_;  // last: their jobs use what tasks hold
};

}  // namespace ctk::verify
