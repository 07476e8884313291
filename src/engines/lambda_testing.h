// Events of AWS Lambda, for tests.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "json/writer.h"

namespace ctk::engines {

inline std::string kinesis_record(const std::string& shard, const std::string& sequence, const std::string& bytes = "{}") {
  std::string data;
  json::append_base64(data, bytes);
  return fmt::format(R"({{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":"p","sequenceNumber":"{1}","data":"{2}",)"
                     R"("approximateArrivalTimestamp":1545084650.987}},"eventSource":"aws:kinesis","eventVersion":"1.0",)"
                     R"("eventID":"{0}:{1}","eventName":"aws:kinesis:record","awsRegion":"us-east-2",)"
                     R"("eventSourceARN":"arn:aws:kinesis:us-east-2:123456789012:stream/cdc"}})",
                     shard, sequence, data);
}

inline std::string dynamodb_record(const std::string& sequence, const std::string& table = "demo") {
  return fmt::format(
      R"({{"eventID":"c4ca","eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-east-2",)"
      R"("dynamodb":{{"ApproximateCreationDateTime":1428537600,"Keys":{{"pk":{{"S":"a"}}}},"NewImage":{{"pk":{{"S":"a"}}}},)"
      R"("SequenceNumber":"{0}","SizeBytes":26,"StreamViewType":"NEW_AND_OLD_IMAGES"}},)"
      R"("eventSourceARN":"arn:aws:dynamodb:us-east-2:123456789012:table/{1}/stream/2015-06-27T00:48:05.899"}})",
      sequence, table);
}

inline std::string event_of(const std::vector<std::string>& records) {
  return fmt::format(R"({{"Records":[{}]}})", fmt::join(records, ","));
}

}  // namespace ctk::engines
