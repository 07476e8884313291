// From a record's bytes to Changes.
//
//   record   = change | wrapped | batch
//   change   = {"eventName", "dynamodb": {"Keys", "NewImage"?, "OldImage"?, "ApproximateCreationDateTime",
//               "ApproximateCreationDateTimePrecision"?, "SequenceNumber"?}, "eventID"?, "tableName"?, "eventSourceARN"?,
//               …}
//   wrapped  = {"kinesis": {"data": base64(change), "sequenceNumber"?, …}, …}              (Lambda)
//   batch    = {"Records": [change | wrapped, …]}                                           (a whole Lambda batch)
#pragma once

#include <string>
#include <vector>

#include "aws/ids.h"
#include "base/time.h"
#include "dynamodb/change.h"
#include "json/reader.h"

namespace ctk::dynamodb {

/// What a source hands over: bytes, and where they stood.
struct RawRecord {
  std::string data;              ///< best with json::kPadding spare capacity (one copy less)
  aws::SequenceNumber sequence;  ///< Kinesis; empty for files
  uint64_t line = 0;             ///< files: from 1
  Timestamp arrival{};           ///< Kinesis: arrival time; kNoTime for files
};

/// A record, or one of its changes, that is no Change: kept as a dead letter.
struct Undecodable {
  uint32_t index_in_record = 0;
  std::string reason;  ///< "NewImage is missing in a MODIFY"
  std::string table;   ///< as far as known
  std::string key;     ///< as far as known, typed JSON
  std::string order;   ///< as far as known
  std::shared_ptr<const std::string> record;
};

struct Decoded {
  std::vector<Change> changes;
  std::vector<Undecodable> undecodable;
  size_t total() const { return changes.size() + undecodable.size(); }
};

struct DecodeOptions {
  /// Nothing for files whose first record has not been seen: then each change takes the kind its own form has.
  std::optional<VersionKind> kind;
};

/// The version without epoch. `kinesis`: "1." time in µs (17 digits) "." sequence (60 digits); `streams`/`file_sequence`:
/// "1." sequence (40 digits); `file_time`: "1." time "." line (20 digits).
std::string order_text(VersionKind kind, Timestamp time, std::string_view sequence, uint64_t line);

/// Decodes one record. Keeps no state but its parser; one a thread.
class Decoder {
 public:
  Decoded decode(RawRecord record, const DecodeOptions& options);
  /// The kind that a file's record implies: file_sequence where it has a SequenceNumber of its own, else file_time;
  /// nothing where it is no change at all.
  std::optional<VersionKind> file_kind(std::string_view record);

 private:
  json::Parser parser_;
};

}  // namespace ctk::dynamodb
