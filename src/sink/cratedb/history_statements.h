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
/// How many keys' events are best read in one statement. Events of other keys come, too: of any that is made of the parts
/// of two of them, so it is not too many; a key named by itself, with an OR to the next one, costs the server 3 ms of CPU,
/// one among a hundred so 0.1 ms (6.4.3).
constexpr size_t event_keys_at_once(size_t key_columns) { return key_columns > 1 ? 100 : 1'000; }
/// Key, version, valid_from, valid_to, _seq_no and _primary_term of the events of some keys, and maybe of others. Those
/// without an end, those between two versions, and those of some versions; or all. Parameters: event_key_args; the two
/// versions and an array of the others; or no more.
std::string select_nearest_events(const table::TableSpec& spec);
std::string select_all_events(const table::TableSpec& spec);
/// For each column of the key an array of what the keys have there.
std::string event_key_args(const std::vector<std::vector<table::KeyCell>>& keys);
/// Parameters: valid_to in ms (end_event only), the key, version, _seq_no, _primary_term.
std::string end_event(const table::TableSpec& spec);
std::string remove_event(const table::TableSpec& spec);

/// Whether a table that is there can be the history; if not, both definitions are shown.
Result<bool> check_history(const Definition& definition, const table::TableSpec& spec);

}  // namespace ctk::sink::cratedb
