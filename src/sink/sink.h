// The Sink contract. Every target keeps it, and one conformance suite (conformance_test.h) holds all of them to it:
// lossless values, guards, order, replay of any suffix, partial failure, type conflicts, hostile names.
//
// Life: connect → (acquire through positions()) → open each table at its first change → apply … → sweep → close.
// Everything is called on the loop; completions come on the loop, never from inside the call.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/done.h"
#include "base/error.h"
#include "base/short_list.h"
#include "base/time.h"
#include "coordination/position_store.h"
#include "coordination/table_record.h"
#include "dynamodb/change.h"
#include "sink/row_repairer.h"
#include "table/render.h"
#include "table/spec.h"

namespace ctk::sink {

/// Bounds of the writes of one sink: tuned for its kind of target, but where the user said otherwise.
struct WriteBounds {
  int connections = 1;  ///< batches that may be under way at once
  size_t batch_rows = 1000;
  size_t batch_bytes = 4u << 20;
  /// How long a change waits for company: long where a write has a price of its own, however few rows it holds.
  Duration batch_age = std::chrono::milliseconds(200);
};

/// One change that a batch carries, with what was folded away under it (see TargetTraits::folds).
struct FoldedChange {
  /// The one with the highest version; then, descending, those it hides. All of one key of one table.
  ShortList<std::shared_ptr<const dynamodb::Change>> changes;
  /// changes[0], rendered by the relay with the renderer that open() gave or a newer one.
  table::Rendered rendered;
};

/// What could not be applied, and why.
struct DeadLetter {
  std::string id;    ///< one for what the letter is of: make_dead_letter
  Timestamp time{};  ///< when it was parked
  std::string relay;
  std::string shard;
  std::string position;  ///< sequence number, or line of a file
  std::string source_table;
  std::string key;      ///< typed JSON; may be empty
  std::string version;  ///< whole; may be empty
  std::string kind;     ///< "undecodable" | "refused"
  std::string reason;   ///< at most 4 KB
  std::string change;   ///< the record's text, or "base64:…" where it is not UTF-8
  bool operator==(const DeadLetter&) const = default;
};

/// Some of the letters that a target has: all of them may be more than fits into memory.
struct DeadLetterPage {
  std::vector<DeadLetter> letters;
  std::string next;  ///< where the next page begins; empty: there is none
};
/// Letters of a page at most.
inline constexpr size_t kMostLettersOfAPage = 500;

/// Where the record of a letter was read.
struct DeadLetterOrigin {
  std::string relay;
  std::string source;  ///< what tells it from others of its incarnation, and its target from others
  coordination::Incarnation incarnation;
  std::string source_table;  ///< empty where the record does not tell
  std::string shard;
  std::string position;
  uint32_t index = 0;  ///< within the record
};

/// Makes the letter of a record, or of a part of it. The id is the first 32 hex digits of a SHA-256 of all of the origin
/// but the relay's name, and of the record: read again after a crash it is the same letter, and no other record's.
DeadLetter make_dead_letter(const DeadLetterOrigin& origin, Timestamp now, std::string kind, std::string reason,
                            std::string_view record);

/// Whether a letter that is stored under the same id is of the same record. Nothing else may stand there.
bool is_same_dead_letter(const DeadLetter& stored, const DeadLetter& letter);
/// `internal`: what stands under the letter's id is another one's.
Error taken_dead_letter_error(const std::string& id);

/// A table as open() left it.
struct OpenTable {
  coordination::TableRecord record;
  std::shared_ptr<const table::Renderer> renderer;
  /// How the table was found. Where that is not `as_recorded`, the record says what was begun instead.
  coordination::TableFound sight = coordination::TableFound::as_recorded;
  std::string view = {};  ///< of its living rows; empty: there is none
};

struct TableWrites {
  std::string table;              ///< TableRecord::table
  coordination::Epoch epoch = 1;  ///< that the table is in: `stale_epoch` where it has left it
  std::vector<FoldedChange> changes;
  /// The epoch of the changes' versions; nothing: the table's. Dead letters that are applied again keep theirs.
  std::optional<coordination::Epoch> of_changes = {};

  coordination::Epoch version_epoch() const { return of_changes.value_or(epoch); }
};

/// One write: rows of any tables, position moves, dead letters of what could not be decoded.
struct Batch {
  coordination::RelayName relay;
  coordination::Incarnation incarnation;
  std::string source;  ///< DeadLetterOrigin::source
  std::vector<TableWrites> tables;
  std::vector<coordination::PositionMove> moves;  ///< empty where positions are kept elsewhere
  std::vector<DeadLetter> dead_letters;
  /// on-error=stop: where a change is refused for itself, nothing is written, and BatchOutcome::refused says which.
  bool stop_on_refusal = false;
  /// Ids of stored dead letters that this write settles: they are removed with it, or, without transactions, behind it.
  /// What such a batch brings was refused before: a refusal is the rows' own, however many they are.
  std::vector<std::string> settled = {};
};

struct ChangeOutcome {
  enum class Kind {
    applied,  ///< the row now holds this change (or, where the target does not tell, a newer one)
    stale,    ///< the row already held a newer or the same version
    parked,   ///< refused for itself, and so were all below it: nothing of this key was written
  };
  Kind kind = Kind::applied;  ///< of the highest change that was not refused
  int parked = 0;             ///< how many of this FoldedChange's changes, from the top, became dead letters
  bool key_refused = false;   ///< parked because of its key (when all of the first 100 of a run are, it ends)
  int parked_below = 0;       ///< where each change is kept (options.history): how many below the one that was written
};

/// A change that the target refuses for itself, and why.
struct RefusedChange {
  std::shared_ptr<const dynamodb::Change> change;
  std::string reason;
};

struct BatchOutcome {
  /// [i][j] is the outcome of tables[i].changes[j].
  std::vector<std::vector<ChangeOutcome>> tables;
  /// Renderers that have changed meanwhile (learned types): table → renderer.
  std::vector<std::pair<std::string, std::shared_ptr<const table::Renderer>>> renderers;
  /// The letters that were kept, for counting and for `dead-letters=FILE`.
  std::vector<DeadLetter> dead_letters;
  /// Of a batch that stops on refusals: the highest change of each key that was refused. Where there is one, nothing was
  /// written (targets without transactions may have written other rows), and nothing else is filled in.
  std::vector<RefusedChange> refused;
};

/// The outcome of a batch that these have stopped.
BatchOutcome stopped_by(std::vector<RefusedChange> refused);

struct SweepRequest {
  std::string table;
  coordination::RelayName relay;
  Duration grace{};  ///< Duration::max(): sweep nothing, only count marks and living rows
  Duration floor{};  ///< zero where writes are fenced
  bool explicit_grace = false;
  /// For relays without stored positions and a given grace: everything older than this is due.
  std::optional<Timestamp> watermark;
  /// Fill in SweepOutcome::living, which reads the whole table: false for the sweeps on the way.
  bool count_living = true;
};

struct SweepOutcome {
  uint64_t swept = 0;
  uint64_t older_swept = 0;  ///< rows of older epochs, where they could not be swept at the load's end
  /// Of the table's record, after the sweep; nothing where there is none.
  std::optional<coordination::LoadState> load;
  uint64_t tombstones_left = 0;
  uint64_t living = 0;
};

/// Every segment of the load that began `epoch` is read and stored.
struct LoadEnd {
  std::string table;
  coordination::Epoch epoch = 1;
};

struct LoadEnding {
  coordination::TableRecord record;  ///< as it is now
  uint64_t swept = 0;                ///< rows of older epochs, or without a version (adopt), that the load has not seen
};

/// What a database says besides its answer, in its own words: "WARNING:  there is no transaction in progress".
struct Notice {
  std::string words;
  bool is_warning = false;
};

/// One text as a user typed it.
struct Query {
  // NOLINTBEGIN(google-explicit-constructor): most are a text alone
  Query(std::string text) : sql(std::move(text)) {}
  Query(const char* text) : sql(text) {}
  // NOLINTEND(google-explicit-constructor)
  Query(std::string text, std::stop_token asked, std::string unique)
      : sql(std::move(text)), stop(std::move(asked)), mark(std::move(unique)) {}

  std::string sql;
  /// Asks the database to stop running it, from any thread; it fails with `stopped` then, unless it was done before.
  std::stop_token stop;
  /// Words that no other statement of the target holds, where `stop` may be asked for: some find it by them.
  std::string mark;
  /// Called while it runs, on any thread.
  std::function<void(const Notice&)> on_notice = {};
};

/// A query's answer, for the shell and `show`. Cells are text as the database gives it; nothing is NULL.
struct ResultSet {
  struct Column {
    std::string name;
    enum class Kind { text, number, boolean, json } kind = Kind::text;
  };
  std::vector<Column> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
  int64_t affected = -1;  ///< statements without rows; -1 where the database does not say
  /// PostgreSQL with standard_conforming_strings = off: in '…' a backslash escapes, so what comes next is cut differently.
  bool backslashes_escape = false;
  bool in_transaction = false;  ///< of the user's: still open
};

/// Key (typed JSON) → version; empty for a row that has none.
using RowVersions = std::map<std::string, std::string>;

/// `ctk show table`.
struct TableReport {
  std::string table;
  struct Column {
    std::string name, type;
  };
  std::vector<Column> columns;
  std::vector<std::string> key;
  int64_t rows = 0, living = 0, tombstones = 0;
  std::optional<int64_t> size_bytes;
  std::optional<std::string> health;
  std::optional<coordination::TableRecord> record;
  std::vector<std::pair<coordination::RelayName, std::vector<coordination::StoredPosition>>> positions;
  int64_t dead_letters = 0;
  int64_t dead_letters_of_no_table = 0;  ///< what could not be decoded: it may be this table's
};

// A sink has three faces, and who uses it takes those that he needs. Errors of a whole call say by their kind what to do:
// unreachable, throttled → pause and try again with the same batch (it may have been written: guards make that harmless);
// fenced, stale_epoch → drop and read again; refused, denied, not_found → the table or the target is not usable as it is:
// pause, say so, try again slowly.

/// Takes changes. A row that is refused for itself never makes the call fail: it becomes a dead letter.
class Writer {
 public:
  virtual ~Writer() = default;

  /// What the target is. Whoever asks one thing of it often asks once.
  virtual const table::TargetTraits& traits() const = 0;
  virtual WriteBounds bounds() const = 0;
  /// At most bounds().connections at once; never two that move the same shard where there are transactions.
  virtual void apply(std::shared_ptr<const Batch> batch, Done<BatchOutcome> done) = 0;
};

/// Knows the tables that are written to, and how far: `ctk_tables` and `ctk_positions`. sweep and finish_load give
/// `mismatch` where the table is found emptied: open it again, which decides what is to be done.
class TableRegistry {
 public:
  virtual ~TableRegistry() = default;

  /// Creates or takes over the table, its view and our bookkeeping tables, registers it. Called again after an
  /// `stale_epoch`. `spec.keys` come from the first change.
  virtual void open(const table::TableSpec& spec, const coordination::TableRegistration& registration,
                    Done<OpenTable> done) = 0;
  /// All tables that `ctk_tables` has in this schema, those just written too. Makes nothing.
  virtual void records(Done<std::vector<coordination::TableRecord>> done) = 0;
  /// Whether the table itself is there.
  virtual void exists(const table::QualifiedName& name, Done<bool> done) = 0;

  virtual coordination::PositionStore& positions() = 0;
  /// Notes that a load is over, and sweeps what it has not seen: at once where writes are fenced; else the record says
  /// `loaded`, and sweep() does it once the floor has passed. A key with an open dead letter is not taken for gone.
  /// `stale_epoch` where another load has begun since. Called again, it gives the same answer.
  virtual void finish_load(const LoadEnd& load, Done<LoadEnding> done) = 0;
  virtual void sweep(const SweepRequest& request, Done<SweepOutcome> done) = 0;
};

/// Answers what a user asks. A stream of lines has no such face.
class Console {
 public:
  virtual ~Console() = default;

  virtual void query(Query query, Done<ResultSet> done) = 0;
  virtual void show(const table::QualifiedName& name, Done<TableReport> done) = 0;
  /// All, or the one of this id.
  virtual void dead_letters(std::optional<std::string> id, Done<std::vector<DeadLetter>> done) = 0;
  /// Of an open table, by its TableRecord::table: the versions of the rows that are there, by key as dead letters have it.
  /// Keys that are not this table's are passed over.
  virtual void row_versions(const std::string& table, std::vector<std::string> keys, Done<RowVersions> done) = 0;
  /// What a user would have to run so that the key's columns of a table have the types that the specification's options ask
  /// for; nothing where they have them, and where there is no such table.
  virtual void retyping(const table::TableSpec& spec, Done<std::vector<std::string>> done) = 0;
  /// Those behind the id `from` (empty: from the first on), in the order of ids: all together of about `bytes`, one at
  /// least where there is one.
  virtual void dead_letter_page(std::string from, size_t bytes, Done<DeadLetterPage> done) = 0;
};

/// What a relay writes to. A sink may go at any time, on the loop or when it no longer runs: what is under way then is
/// broken off, and nobody is told of it.
class Sink : public Writer, public TableRegistry {
 public:
  /// Reaches the target once; makes nothing. Wrong password, missing database: `denied` / `not_found`.
  virtual void connect(Done<bool> done) = 0;
  /// Waits for what is under way; no call after it.
  virtual void close(Done<bool> done) = 0;
};

class TargetCheck;

/// A sink that can be asked, too, and whose rows can be read and put right.
class Database : public Sink, public Console, public RowReader, public RowRepairer {
 public:
  /// What a preflight looks at (target_check.h). Lives as long as this.
  virtual TargetCheck& target_check() = 0;
};

/// The failure of a query that was asked to stop is `stopped`, with the database's words; `stopped` stays as it is.
Result<ResultSet> stopped_if_asked(const Query& query, Result<ResultSet> result);

}  // namespace ctk::sink
