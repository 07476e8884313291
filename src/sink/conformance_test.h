// The conformance suite: what every sink must do, whatever its target. The cases are in conformance_*_test.cc; a target
// takes part by a Backend and one line in its own test file:
//   INSTANTIATE_TEST_SUITE_P(Sqlite, Conformance, ::testing::Values(BackendMaker{"sqlite", make_sqlite_backend}));
// ndjson takes no part: it has no rows to read back, no guard and no positions, so that of all this only values, order,
// letters and partial failure mean something there, which ndjson_test.cc has; a batch that is repeated is written twice.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dynamodb/change.h"
#include "sink/sink.h"
#include "sink/target_options.h"
#include "sink/testing/json_tree.h"

namespace ctk::sink::testing {

/// A row as a test reads it back.
struct StoredRow {
  std::vector<std::string> key;     ///< cells as text, in the order of spec.keys
  std::optional<std::string> data;  ///< JSON
  std::optional<std::string> aux;
  std::optional<std::string> version;
  bool deleted = false;
};

/// Keeps what is said: "message key=value key=value".
class RecordingLog final : public Log {
 public:
  bool enabled(LogLevel level) const override { return level <= LogLevel::info; }
  void write(LogLevel, std::string_view message, std::span<const LogField> fields) override {
    std::string line(message);
    for (const LogField& field : fields) line += " " + std::string(field.key) + "=" + field.value;
    lines.push_back(std::move(line));
  }

  std::vector<std::string> lines;
};

/// One target, empty, with what a sink needs to reach it. Made anew for each test.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual table::Target kind() const = 0;
  /// Options of this test's own place in the target, with the target's default layout.
  virtual TargetOptions options() const = 0;
  /// Sinks on one place may live side by side, like the sinks of two processes.
  virtual std::unique_ptr<Database> make_sink(const TargetOptions& options) = 0;
  /// Runs the loop until `done()`; false if it gave up.
  virtual bool run_until(const std::function<bool()>& done) = 0;
  virtual Clock& clock() = 0;

  /// What the sinks have said so far.
  const std::vector<std::string>& log_lines() const { return log_.lines; }

  /// Makes rows visible to queries, where writing alone does not.
  virtual void refresh(Database&, const table::QualifiedName&) {}
  /// SQL for the stored rows of a table in any order: the key's columns, then data, aux, cdc_version, cdc_deleted.
  virtual std::string select_rows(const table::TableSpec& spec) const = 0;
  /// The quoted name of a table in SQL.
  virtual std::string quoted(const table::QualifiedName& name) const = 0;

 protected:
  RecordingLog log_;
};

struct BackendMaker {
  std::string name;
  std::function<std::unique_ptr<Backend>()> make;
};
inline void PrintTo(const BackendMaker& maker, std::ostream* out) { *out << maker.name; }

/// A change, as a line of a story: `put(3, key, image)` is version 3 of that item.
std::shared_ptr<const dynamodb::Change> put(uint64_t version, const std::string& key, const std::string& image);
std::shared_ptr<const dynamodb::Change> removal(uint64_t version, const std::string& key);
/// {"pk":{"S":"…"}}
std::string text_key(const std::string& value);
/// Keys of two attributes, of all types and sizes that this target's columns hold.
std::vector<std::string> odd_keys(table::Target target);

class Conformance : public ::testing::TestWithParam<BackendMaker> {
 protected:
  using Changes = std::vector<std::shared_ptr<const dynamodb::Change>>;

  void SetUp() override;

  /// Calls and waits: `await<bool>([&](auto done) { sink->connect(std::move(done)); })`.
  template <class T, class Call>
  Result<T> await(Call call) {
    std::optional<Result<T>> answer;
    call(Done<T>([&answer](Result<T> result) { answer.emplace(std::move(result)); }));
    if (!backend->run_until([&] { return answer.has_value(); })) {
      return fail(ErrorKind::internal, "the sink never answered");
    }
    return std::move(*answer);
  }

  table::QualifiedName name(const std::string& table) const { return {options.schema, table}; }
  coordination::TableRegistration registration_of(const table::TableSpec& spec) const;
  table::TableSpec spec_of(const std::string& table, const dynamodb::Change& change) const;

  /// Opens a table for items like this change's, in `sink`.
  Result<OpenTable> open(Sink& on, const std::string& table, const dynamodb::Change& change);
  /// The same, expecting success; further calls of apply write it.
  void open(const dynamodb::Change& change, const std::string& table = "demo");

  /// Folds and renders the changes as the relay does.
  TableWrites writes_of(const OpenTable& table, const Changes& changes) const;
  std::shared_ptr<Batch> batch_of(const Changes& changes) const;
  Result<BatchOutcome> apply(std::shared_ptr<const Batch> batch);
  /// One batch of these changes into the open table, expecting success.
  BatchOutcome apply(const Changes& changes);

  std::vector<StoredRow> rows();
  /// The rows' items as plain JSON, keyed by the key cells joined with "/": data overlaid with aux. Marks are "deleted".
  std::map<std::string, std::string> items();
  /// What items() should show of an image (typed JSON, with its keys).
  std::string expected(const std::string& image) const;
  Result<ResultSet> query(const std::string& sql);
  int64_t count(const std::string& from);
  std::vector<DeadLetter> letters();

  coordination::Acquired acquire(Sink& on, const std::string& worker, std::vector<coordination::NewShard> shards = {},
                                 bool forget = false);

  /// The relay's rows in ctk_positions.
  std::vector<coordination::StoredPosition> stored(Sink& in);
  coordination::StoredPosition stored_at(Sink& in, const aws::ShardId& shard);
  Result<bool> move_alone(Sink& in, coordination::Fence fence, std::vector<coordination::PositionMove> moves);
  /// Opens `demo`, whose key is pk, with a wish; later writes carry the epoch that comes of it.
  coordination::TableRecord open_loading(Timestamp cut, coordination::LoadRequest::Kind kind);
  /// A load of the item `both`, into rows `both` and `theirs` that no version tells anything of.
  void load_over_rows_without_version();
  /// `demo` with so many items, item-0, item-1, …
  void fill(int items);
  void drop_table();
  /// A statement of somebody else's on `demo`.
  void change_by_hand(const std::string& statement);
  /// Opens `demo` in a new sink, with an acquisition that `with` may change.
  Result<OpenTable> open_again(const std::function<void(coordination::TableRegistration&)>& with = {});
  /// What ctk_tables has of a table.
  std::optional<coordination::TableRecord> record_of(Sink& in, const std::string& table);
  Result<LoadEnding> finish_load(coordination::Epoch epoch);
  /// Ends a load, and pays what it owes: the rows that went. Where writes are not fenced, with a floor of nothing.
  uint64_t swept_by_load(coordination::Epoch epoch);
  Result<SweepOutcome> sweep(Duration grace, std::optional<Timestamp> watermark = std::nullopt);

  std::unique_ptr<Backend> backend;
  TargetOptions options;
  std::unique_ptr<Database> sink;
  std::optional<OpenTable> opened;
  coordination::RelayName relay{"kinesis:stream@test"};
  coordination::Incarnation incarnation{"arn:aws:kinesis:eu-central-1:1:stream/s/2026-01-01T00:00:00.000000Z"};
};

/// The part of the suite that is about names which somebody else has.
class ConformanceOfNames : public Conformance {
 protected:
  void must(const std::string& sql);
  std::string quoted(const std::string& table) const { return backend->quoted(name(table)); }
  /// A database that is in use: its schema is there.
  void make_place() { open(*put(1, text_key("a"), "{}"), "earlier"); }
  /// Somebody's table, with a row.
  void make_table(const std::string& table);
  /// The first column of what is there, or why it cannot be read.
  std::string content(const std::string& from);
  /// A table with one item, as a run would leave it.
  void load(const std::string& table, const std::string& image);
  std::string item_of(const std::string& table);
};

/// The part of the suite that is about dead letters which are applied again.
class ConformanceOfLetters : public Conformance {
 protected:
  /// The letter of a change that `demo` has refused in its first epoch.
  DeadLetter letter_of(const dynamodb::Change& change, const std::string& reason = "too long") const;
  void keep(std::vector<DeadLetter> kept);
  /// Applies the changes of letters again.
  Result<BatchOutcome> replay(const Changes& changes, std::vector<std::string> settled);
  Result<RowVersions> versions(std::vector<std::string> keys);
  Result<std::vector<std::string>> retyping(const table::TableSpec& spec);
};

}  // namespace ctk::sink::testing
