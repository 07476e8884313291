// Opening tables: making or taking over the table, its view and its record in ctk_tables.
#pragma once

#include "sink/cratedb/definition.h"
#include "sink/cratedb/session.h"

namespace ctk::sink::cratedb {

/// What is there under that name; no columns if nothing is.
Task<Result<Definition>> find_definition(Session& session, table::QualifiedName name);

/// `GET /` and one statement: who is there, and whether it lets us in.
Task<Result<bool>> connect(Session& session);

/// ctk_tables, ctk_positions and ctk_dead_letters, where DDL is allowed.
Task<Result<bool>> make_bookkeeping(Session& session);
/// One of them; `not_found` where it is missing and DDL is not allowed.
Task<Result<bool>> make_if_missing(Session& session, table::QualifiedName name, std::string ddl);

Task<Result<OpenTable>> open_table(Session& session, table::TableSpec spec, coordination::TableRegistration registration);

/// What a user would have to run for the key's columns whose types the options ask for; none where they have them.
Task<Result<std::vector<std::string>>> plan_retyping(Session& session, table::TableSpec spec);

/// A table's record; nothing where there is none, or no ctk_tables.
Task<Result<std::optional<StoredRecord>>> find_record(Session& session, std::string table);

/// Stores a changed record; false where somebody else was quicker.
Task<Result<bool>> store_record(Session& session, const StoredRecord& stored, coordination::TableRecord changed);

/// All records of the schema, as of the last refresh.
Task<Result<std::vector<coordination::TableRecord>>> all_records(Session& session);

/// How long an epoch that was seen is taken for the table's: decision 9.
inline constexpr Duration kEpochHolds = std::chrono::seconds(1);
/// `stale_epoch` where ctk_tables says another epoch than the batch's, or said so at most kEpochHolds ago.
Task<Result<bool>> check_epoch(Session& session, std::shared_ptr<TableState> state, coordination::Epoch epoch);

Task<Result<bool>> table_exists(Session& session, table::QualifiedName name);

/// Whether this sink can work with that server: per-row reasons and column policies came with 5.10. Pure.
Result<bool> check_version(const std::string& version);

}  // namespace ctk::sink::cratedb
