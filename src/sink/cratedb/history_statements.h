// The SQL of histories, as text. Pure. `spec` is the history's (table/history.h).
#pragma once

#include <string>

#include "sink/cratedb/definition.h"
#include "table/render.h"
#include "table/spec.h"

namespace ctk::sink::cratedb {

std::string create_history(const table::TableSpec& spec);
/// A row that is there stays. Parameters: key_args, data, aux, version, op, valid_from in ms, ttl.
std::string insert_event(const table::TableSpec& spec);
std::string event_args(const table::TableSpec& spec, const table::Row& row, const dynamodb::Change& change);
/// Key, version, valid_from, valid_to, _seq_no and _primary_term of the events of `keys` keys. Of each those without an
/// end, those between two versions, and one of a version; or all. Parameters: the keys, each with the three versions; or
/// alone.
std::string select_nearest_events(const table::TableSpec& spec, size_t keys);
std::string select_all_events(const table::TableSpec& spec, size_t keys);
/// Parameters: valid_to in ms (end_event only), the key, version, _seq_no, _primary_term.
std::string end_event(const table::TableSpec& spec);
std::string remove_event(const table::TableSpec& spec);

/// Whether a table that is there can be the history; if not, both definitions are shown.
Result<bool> check_history(const Definition& definition, const table::TableSpec& spec);

}  // namespace ctk::sink::cratedb
