// ndjson as a target: one JSON object a change, to a file or to standard output. It holds no tables: positions are kept in
// memory, dead letters go to a file of their own or to standard error, nothing is ever swept. This folder must not know
// databases.
//
//   {"table": TEXT, "op": "upsert"|"delete", "key": {…}, "data": {…}|null, "aux": {…}|null, "version": TEXT, "time":
//   ISO-8601}
#pragma once

#include <memory>
#include <string>

#include "sink/sink.h"
#include "sink/target_options.h"
#include "table/render.h"

namespace ctk::sink {

/// Whether a path in a target's URL stands for standard output.
bool is_standard_output(const std::string& path);

std::unique_ptr<Sink> make_ndjson_sink(const TargetOptions& options, const SinkEnvironment& environment);

}  // namespace ctk::sink

namespace ctk::sink::ndjson {

/// Appends one line, with its line feed.
void append_line(std::string& out, const std::string& table, const dynamodb::Change& change, const table::Row& row);

/// A dead letter as one line.
void append_dead_letter(std::string& out, const DeadLetter& letter);

}  // namespace ctk::sink::ndjson
