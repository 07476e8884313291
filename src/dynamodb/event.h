// The fields of one event, picked out of its JSON in one walk; its items become nodes on the way. Nothing else is judged
// yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "dynamodb/change_builder.h"
#include "json/token_walk.h"

namespace ctk::dynamodb {

/// An item of an event: where it is in the builder, or why it cannot be.
struct EventItem {
  bool present = false;
  std::optional<uint32_t> index{};
  std::string reason{};
};

/// `{"eventName":…, "dynamodb":{…}, …}`. Texts live as long as the walk's buffer; a field that is missing, null or of
/// another type than it should be is empty.
struct Event {
  std::string_view name;           ///< eventName
  std::string_view source;         ///< eventSource
  std::string_view id;             ///< eventID
  std::string_view table_name;     ///< tableName
  std::string_view source_arn;     ///< eventSourceARN
  bool has_stream_record = false;  ///< whether there is a member `dynamodb`, an object
  EventItem keys, new_image;
  EventItem old_image;                       ///< only where it is asked for
  std::optional<json::Walk::Scalar> time{};  ///< ApproximateCreationDateTime
  std::string_view precision;                ///< ApproximateCreationDateTimePrecision
  std::string_view sequence;                 ///< SequenceNumber
  std::string_view view_type;                ///< StreamViewType
  /// userIdentity names DynamoDB itself, whose time to live has ended the item. Streams spell it
  /// `{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"}`, Kinesis and Lambda with small initials.
  bool by_time_to_live = false;
  bool name_twice = false, sequence_twice = false, time_twice = false;  ///< it stands twice, and is in doubt

  /// tableName, else the table in eventSourceARN (`…:table/NAME/stream/…`), else empty.
  std::string_view table() const;
};

/// Lambda's wrapper of one record.
struct KinesisWrapper {
  std::optional<std::string_view> data{};
  std::string_view sequence;  ///< sequenceNumber
};

/// A document's outermost members, whichever of the envelopes it is.
struct Envelope {
  Event event;
  std::optional<KinesisWrapper> kinesis{};
  std::optional<json::Walk::Place> records{};  ///< Lambda's batch, or that of an answer: an array
  std::string_view data;                       ///< of a record of Kinesis or Firehose: Data or data, a text
  std::string_view data_name;                  ///< which of the two it is
};

/// Takes the object that stands there into an empty envelope, and its items into the builder. False where the walk has
/// failed.
bool read_envelope(json::Walk& walk, ChangeBuilder& builder, bool old_image, Envelope& envelope);

/// ApproximateCreationDateTime. The unit follows `precision` (`MILLISECOND`, `MICROSECOND`, `SECOND`), else the magnitude
/// (< 1e11 seconds, < 1e14 milliseconds, else microseconds); any JSON number, or a string that holds one. Or a string that
/// is a moment by ISO-8601, as the AWS command line and most languages print one: `2026-11-22T03:32:55.742Z`, with or
/// without a fraction, whose digits behind the sixth are left out, with `Z`, `+01:00`, `+0100`, `+01` or nothing (UTC); a
/// blank may stand for the T; a date alone is its midnight. Nothing where it is none, or lies before 1970 or after 5138.
std::optional<Timestamp> creation_time(const json::Walk::Scalar& value, std::string_view precision);

}  // namespace ctk::dynamodb
