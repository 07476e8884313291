// What is known of a target table beside its rows: one row of `ctk_tables`, and the rules for taking it over. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "coordination/position_store.h"
#include "dynamodb/change.h"
#include "dynamodb/key_schema.h"

namespace ctk::coordination {

/// How far a table's last load is.
enum class LoadState {
  none,
  running,
  loaded,    ///< everything was read and written; rows of older epochs are still to be swept
  complete,  ///< and those are gone
};
std::string_view to_string(LoadState state);
/// `none` for a word that is none of them.
LoadState parse_load_state(std::string_view text);

struct SweepPair {
  Timestamp watermark;
  Timestamp server_time;
  bool operator==(const SweepPair&) const = default;
};

/// Rows that the table held a while ago, by which it is known again (table_witnesses.h): key (typed JSON) → version. The
/// table has each of them, in that version or a higher one, until a sweep takes it.
using Witnesses = std::map<std::string, std::string>;
/// So many that a user who deletes a row or two by hand does not make the table another one.
inline constexpr size_t kMostWitnesses = 8;

struct TableRecord {
  std::string table;         ///< the target's own spelling, "testdrive.demo"
  std::string source_table;  ///< DynamoDB's name
  Incarnation incarnation;
  std::optional<dynamodb::VersionKind> kind;  ///< nothing: the first stream decides
  Epoch epoch = 1;
  LoadState load = LoadState::none;
  std::optional<Timestamp> cut;     ///< the last load holds every change from before
  std::optional<Timestamp> loaded;  ///< when the last load was complete, by the target's clock
  std::vector<RelayName> relays;    ///< every relay that ever wrote the table and has positions
  std::optional<SweepPair> sweep;
  std::map<std::string, std::string> names;  ///< attribute → column, where they differ
  dynamodb::KeySchema keys;                  ///< the source table's key; without attributes: not known
  std::string form;                          ///< how its rows are written (table::form_of); empty: not known
  /// Its rows are only what a stream has told since then; nothing where a load has filled it, or that is not known.
  std::optional<Timestamp> since;
  Witnesses witnesses;  ///< none: nothing living was written yet, or all of it was swept
  bool operator==(const TableRecord&) const = default;
};

/// What a run wants loaded.
struct LoadRequest {
  enum class Kind {
    initial,  ///< load unless a load has filled the table, and that stream has followed
    again,    ///< load; go on with one that is running
    restart,  ///< load from the start, because of what was found missing in epoch `seen`
  };
  Kind kind = Kind::initial;
  Timestamp cut{};
  Epoch seen = 0;
};

/// What a run wants of a table.
struct TableRegistration {
  std::string table;
  std::string source_table;
  Incarnation incarnation;
  /// Nothing for a load without a stream: it leaves open what the first stream will decide.
  std::optional<dynamodb::VersionKind> kind = dynamodb::VersionKind::kinesis;
  dynamodb::KeySchema keys;
  std::string form;  ///< how this run writes rows; empty: as they are
  std::optional<LoadRequest> load;
  std::optional<Timestamp> since;  ///< from when on the stream is read; nothing where that is not known, or it goes on
  std::optional<RelayName> relay;  ///< none for files and `positions=memory`
  bool reset = false;
  std::string reset_command;  ///< the exact command line with --reset, for the error's hint
  /// This run has written the table before, and goes on from where it was.
  bool goes_on = false;
  /// The relay's stored positions were written with rows of a table, and no record names one: it is lost.
  bool record_lost = false;
  /// The highest epoch that the relay's stored positions were written in, where no record tells of it; 0: there is none.
  Epoch lost_epoch = 0;
};

/// A table that has a record, as it was found.
enum class TableFound {
  as_recorded,
  gone,     ///< there is no such table
  emptied,  ///< the record's witnesses are not in it: emptied, made by somebody else, or from an older backup
};

/// What has become of the table: "table demo was dropped". Empty for `as_recorded`.
std::string describe_sight(const std::string& table, TableFound sight);

/// `mismatch` for a running relay that finds its table so; how to go on is said by whoever knows the command line.
Error lost_table_error(const std::string& table, TableFound sight);

/// The record to store, or why the table cannot be had: another source table or form is `refused` (exit 1), another
/// incarnation or kind is `mismatch` (exit 3) unless `reset`, which raises the epoch. A load that begins starts an epoch of
/// its own, in a table that had none before the first.
///
/// Of a table that is gone or emptied nothing holds that was recorded of its rows. A registration that loads it begins a
/// load, and `reset` forgets; else stored positions, a load or a run that goes on would call it complete without what it
/// has lost: `mismatch` (exit 3). Where nothing of that kind is recorded (files), it is made again.
Result<TableRecord> decide_registration(const std::optional<TableRecord>& existing, const TableRegistration& registration,
                                        TableFound sight = TableFound::as_recorded);

/// The record of a table that has none. `highest` is the highest version of its rows; empty: there is none.
/// Rows with versions have lost their record, and with it what they were compared by: it begins above them, so that every
/// change wins. Without rows where the relay once wrote some, or this run goes on, they are lost too: `mismatch`, as for a
/// table that is gone. A load begins above what stored positions know of: their segments are another load's.
Result<TableRecord> decide_first_registration(const TableRegistration& registration, std::string_view highest);

/// Whether stored positions tell that the relay has written rows.
bool prove_rows_written(const std::vector<StoredPosition>& rows);

/// Whether the relay has ever written the table and has positions.
bool is_filled_by(const TableRecord& record, const RelayName& relay);

/// The table's watermark: the minimum over all unfinished shards of its relays.
/// A shard without read_to counts as −∞ (kNoTime). Finished shards do not count: their children became rows with or before
/// their end, and segments of a load: what they bring is older than any change. No rows at all: kNoTime.
Timestamp watermark(const std::vector<StoredPosition>& rows);

/// What may be swept now on a target without fencing, and the pair to store. `floor`: `delete-floor`.
struct SweepPlan {
  std::optional<Timestamp> before;    ///< sweep marks whose time is strictly before this
  std::optional<SweepPair> remember;  ///< store this pair
};
SweepPlan plan_sweep(const TableRecord& record, Timestamp watermark, Timestamp server_time, Duration grace, Duration floor);

/// Everything below this epoch may be swept: the load that began it has read all, and where writes are not fenced the floor
/// has passed since.
std::optional<Epoch> older_epochs_due(const TableRecord& record, Timestamp server_time, Duration floor);

/// Of what makes a table ready, what holds for the table as a whole: a load has filled it, none is under way, and none has
/// a sweep to come.
bool is_load_complete(const TableRecord& record);
/// The other half: whether all shards with these rows are past the end of that load.
bool are_past_load(const TableRecord& record, const std::vector<StoredPosition>& rows);

/// JSON of the members that are lists (relays, names, keys): golden tests pin it. Witnesses are written as names are.
std::string relays_json(const std::vector<RelayName>& relays);
std::vector<RelayName> parse_relays(const std::string& json);
std::string names_json(const std::map<std::string, std::string>& names);
std::map<std::string, std::string> parse_names(const std::string& json);
/// The form stands beside the key's attributes under "", which names none.
std::string keys_json(const dynamodb::KeySchema& keys, const std::string& form);
/// Without attributes where the text is no key schema.
dynamodb::KeySchema parse_keys(const std::string& json);
std::string parse_form(const std::string& json);

}  // namespace ctk::coordination
