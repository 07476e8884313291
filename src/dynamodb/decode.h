// From a record's bytes to Changes.
//
//   record   = value *value                               (one, as AWS has it; others write several, with blanks or commas)
//   value    = change | wrapped | batch | "[" *(change | wrapped) "]"
//   change   = {"eventName", "dynamodb": {"Keys", "NewImage"?, "OldImage"?, "ApproximateCreationDateTime",
//               "ApproximateCreationDateTimePrecision"?, "SequenceNumber"?}, "eventID"?, "tableName"?, "eventSourceARN"?,
//               …}
//   wrapped  = {"kinesis": {"data": base64(change), "sequenceNumber"?, …}, …}              (Lambda)
//            | {"Data": base64(change), "PartitionKey"?, "SequenceNumber"?, …}               (GetRecords of Kinesis)
//            | {"data": base64(change), "recordId"?, …}                                      (Firehose, for Lambda)
//   batch    = {"Records" | "records": [change | wrapped, …]}            (a whole Lambda batch; the answer of GetRecords)
//
// Data may be a change's text as well as its base64; or an aggregate of several (shards/aggregate.h). Sources: "Using
// Kinesis Data Streams to capture changes to DynamoDB" and the API reference of DynamoDB Streams (Record, StreamRecord) for
// `change`; "Using Lambda to process records from Amazon Kinesis Data Streams", the API reference of Kinesis (GetRecords)
// and "Amazon Data Firehose data transformation" for those around it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/change_builder.h"
#include "dynamodb/decoded.h"
#include "dynamodb/slab.h"
#include "json/reader.h"
#include "json/token_walk.h"
#include "shards/aggregate.h"

namespace ctk::dynamodb {

/// Decodes records, one after the other; keeps nothing between them but its buffers. One a thread.
///   Decoded decoded = decoder.decode(std::move(record), {.kind = VersionKind::kinesis});
/// Every change of a record comes out in one of the two lists, at its index. Undecodable is what cannot be a Change: bytes
/// that are no JSON in UTF-8, an unknown envelope, event or source, missing keys, time or image, values that are none of
/// DynamoDB's; the reason says what it looks like (resemblance.h). Of a record of several values each is one by itself: its
/// text is that value's. Taken although DynamoDB never sends it: `{}` (an empty map), `{"S":null}` (NULL), empty sets,
/// numbers of more than 38 digits, numbers without quotes.
class Decoder {
 public:
  Decoded decode(RawRecord record, const DecodeOptions& options);
  /// An item of a Scan, in DynamoDB JSON (`{"pk":{"S":"a"},…}`), as an insert; `record.arrival` is when its page was read.
  Decoded decode_item(RawRecord record, const ItemSource& source);
  /// The kind that a file's record implies: file_sequence where it has a SequenceNumber of its own, else file_time;
  /// nothing where it is no change at all.
  std::optional<VersionKind> file_kind(std::string_view record);

  // The same for who decodes many that go together: those of a batch share slabs. Else each has its own.
  /// Into `out`, which is emptied first; of the record only its data is taken.
  void decode_of_batch(RawRecord& record, const DecodeOptions& options, Decoded& out);
  /// An item's position is its key.
  void decode_item_of_batch(RawRecord& record, const ItemSource& source, std::string_view shard, Decoded& out);
  void end_batch() { slab_.reset(); }

 private:
  struct Job;

  void decode_record(RawRecord& record, const DecodeOptions& options, Decoded& out, std::shared_ptr<Slab> slab);
  void decode_item_into(RawRecord& record, const ItemSource& source, std::string_view shard, Decoded& out,
                        std::shared_ptr<Slab> slab);
  void run(Job& job);
  // `wrapper` names the member that held the text; empty where it is the record itself. A text is one that the slab keeps,
  // and a walk may go over.
  void decode_text(Job& job, std::string_view text, json::Walk& walk, std::string_view wrapper);
  bool try_text(Job& job, std::string_view text, json::Walk& walk, std::string_view wrapper);
  bool decode_values(Job& job, std::string_view text, json::Walk& walk, std::string_view wrapper);
  bool decode_document(Job& job, json::Walk& walk, std::string_view wrapper);
  bool decode_array(Job& job, json::Walk& walk, std::string_view wrapper);
  bool decode_object(Job& job, json::Walk& walk, std::string_view wrapper, bool may_be_batch);
  void decode_wrapped(Job& job, const struct KinesisWrapper& kinesis);
  void decode_data(Job& job, std::string_view name, std::string_view data);
  void decode_aggregate(Job& job, std::string_view name, const std::vector<shards::SubRecord>& records);
  std::string like_object(std::string_view text);

  // decode_event.cc
  bool decode_event(Job& job, const struct Event& event);
  bool try_item(Job& job, std::string_view text, const ItemSource& source);
  void read_keys(Change& change, const struct Event& event, class Reason& reason);
  void read_images(Change& change, const struct Event& event, bool old_image, class Reason& reason);
  void select_keys(Change& change, uint32_t image, const ItemSource& source, class Reason& reason);

  /// A batch's, for its next record.
  const std::shared_ptr<Slab>& slab_with_room();
  bool begin_walk(Job& job, std::string_view text, json::Walk& walk);
  /// Why a text is no JSON, by the parser that has words for it.
  std::string why_no_json(std::string_view text);

  json::Walk walk_;
  json::Walk inner_walk_;  ///< for what a Lambda wrapper holds, while the walk over the wrapper goes on
  json::Parser parser_;    ///< for reasons
  ChangeBuilder builder_;
  std::shared_ptr<Slab> slab_;
  std::string key_, order_;  ///< of the change at hand
};

}  // namespace ctk::dynamodb
