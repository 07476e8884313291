// record: a stream's records in a file, as they are. The room turns each record into a change that holds it, so that the
// engine reads, walks shards and keeps positions as ever, and writes the lines instead of rows. It must not know databases
// or the command line.
//
// This file: a record as one line of JSON, in the form in which AWS Lambda hands it to a function: what file+dynamodb+cdc:
// plays as it plays the live stream. Pure.
//
//   {"kinesis":{"kinesisSchemaVersion":"1.0","sequenceNumber":…,"data":base64,"approximateArrivalTimestamp":…},
//    "eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"SHARD:NUMBER","eventName":"aws:kinesis:record",
//    "awsRegion":…,"eventSourceARN":…}
//   {…the record of GetRecords of DynamoDB Streams…,"eventSourceARN":…}
//
// Source: "Using Lambda to process records from Amazon Kinesis Data Streams", "Using AWS Lambda with Amazon DynamoDB". A
// Kinesis record's partition key is not in it: no reader of ours takes it from the service.
#pragma once

#include <string>
#include <string_view>

#include "aws/ids.h"
#include "dynamodb/raw_record.h"

namespace ctk::record {

struct RecordedStream {
  enum class Service { kinesis, dynamodb } service = Service::kinesis;
  std::string arn;
};

/// Without a line end.
std::string recorded_line(const RecordedStream& stream, const aws::ShardId& shard, const dynamodb::RawRecord& record);

/// A text that decodes to one change, whatever the line is, and has the line in it.
std::string change_around(std::string_view line, const aws::SequenceNumber& sequence);
/// The line in such a text.
std::string_view line_within(std::string_view change);

}  // namespace ctk::record
