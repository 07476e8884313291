// The fields of one event, picked out of its JSON: nothing is judged yet.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "json/reader.h"

namespace ctk::dynamodb {

/// `{"eventName":…, "dynamodb":{…}, …}`. Texts live as long as the parsed document; a field that is missing, null or of
/// another type than it should be is empty.
struct Event {
  std::string_view name;           ///< eventName
  std::string_view source;         ///< eventSource
  std::string_view id;             ///< eventID
  std::string_view table_name;     ///< tableName
  std::string_view source_arn;     ///< eventSourceARN
  bool has_stream_record = false;  ///< whether there is a member `dynamodb`, an object
  std::optional<json::Element> keys, new_image, old_image;
  std::optional<json::Element> time;  ///< ApproximateCreationDateTime
  std::string_view precision;         ///< ApproximateCreationDateTimePrecision
  std::string_view sequence;          ///< SequenceNumber
  std::string_view view_type;         ///< StreamViewType
  std::optional<json::Element> user;  ///< userIdentity

  /// tableName, else the table in eventSourceARN (`…:table/NAME/stream/…`), else empty.
  std::string_view table() const;
};

/// Whether userIdentity names DynamoDB itself, whose time to live has ended the item. Streams spell it
/// `{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"}`, Kinesis and Lambda with small initials.
bool names_time_to_live(json::Element user);

/// A document's outermost members, whichever of the envelopes it is.
struct Envelope {
  Event event;
  std::optional<json::Element> kinesis;  ///< Lambda's wrapper of one record
  std::optional<json::Element> records;  ///< Lambda's batch, or that of an answer
  std::string_view data;                 ///< of a record of Kinesis or Firehose: Data or data, a text
  std::string_view data_name;            ///< which of the two it is
};

Envelope read_envelope(json::Object document);

/// ApproximateCreationDateTime. The unit follows `precision` (`MILLISECOND`, `MICROSECOND`, `SECOND`), else the magnitude
/// (< 1e11 seconds, < 1e14 milliseconds, else microseconds); any JSON number, or a string that holds one. Or a string that
/// is a moment by ISO-8601, as the AWS command line and most languages print one: `2026-11-22T03:32:55.742Z`, with or
/// without a fraction, whose digits behind the sixth are left out, with `Z`, `+01:00`, `+0100`, `+01` or nothing (UTC); a
/// blank may stand for the T; a date alone is its midnight. Nothing where it is none, or lies before 1970 or after 5138.
std::optional<Timestamp> creation_time(json::Element value, std::string_view precision);

}  // namespace ctk::dynamodb
