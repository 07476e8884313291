// What `ctk check` asks of a target: a face of its own, which only reads. Nothing is made, locked or written by it. What is
// seen is judged elsewhere; it must not know of findings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/done.h"
#include "base/error.h"
#include "table/spec.h"

namespace ctk::sink {

/// What a run would write to.
struct TargetQuestion {
  std::optional<table::TableSpec> spec;  ///< nothing: the key is not known before the first change
  bool positions = true;                 ///< it keeps its positions in the target
};

/// How the table of a spec was found.
enum class TableFit {
  absent,      ///< it would be made
  unfinished,  ///< there, and our bookkeeping columns would be added
  fits,
};

/// Errors here are what a run would end with; each hint says what mends it.
struct TargetSight {
  std::string server;                         ///< name and version: "PostgreSQL 15.14"
  Result<std::string> writable = "";          ///< as whom, or to which file
  std::optional<Result<std::string>> rights;  ///< nothing: this target does not say
  std::optional<Result<TableFit>> table;      ///< nothing: the spec was not known
  std::optional<uint64_t> free_bytes;         ///< nothing: this target does not say
  std::optional<Error> log_kept;              ///< what keeps the database from giving its log's room back; a run works
};

class TargetCheck {
 public:
  virtual ~TargetCheck() = default;
  /// An error: the target cannot be reached, or lets us not in.
  virtual void look(const TargetQuestion& question, Done<TargetSight> done) = 0;
};

enum class FilesBeside { none, some };
/// Whether a file that rows go to may be written, or made where it is not there yet, and others beside it where that needs
/// some: with a hint where not.
Result<std::string> check_writable_file(const std::string& path, FilesBeside beside = FilesBeside::none);
/// The same of an SQLite database: the files that it has beside its own are looked at, too, which another user's process
/// may have left.
Result<std::string> check_writable_database(const std::string& path);
/// A write-ahead log that has grown far beyond what a checkpoint leaves: somebody reads, so that it cannot be copied back.
std::optional<Error> find_kept_log(const std::string& path);
/// Of the file system that a file lies on, or would.
std::optional<uint64_t> free_bytes_beside(const std::string& path);

}  // namespace ctk::sink
