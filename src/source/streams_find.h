// Finds the stream of a table, and judges whether it can be relayed.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "aws/dynamodb_api.h"
#include "aws/dynamodb_streams_api.h"
#include "base/lifeline.h"
#include "source/source.h"

namespace ctk::source {

/// What a relay needs of a stream's records is the new image. `refused` for the views that lack it.
Status check_view(const aws::TableName& table, aws::StreamView view);

/// `refused`: nothing can be followed. `had_one`: a stream that was switched off, and can be read to its end for a day.
Error no_stream_error(const aws::TableName& table, bool had_one);

class StreamFinder {
 public:
  /// `table`: a table's name or ARN, or a stream's ARN.
  StreamFinder(aws::DynamoDbApi& tables, aws::DynamoDbStreamsApi& streams, std::string table, bool enable_stream)
      : tables_(tables), streams_(streams), table_(std::move(table)), enable_(enable_stream) {}

  /// The stream's description (with the first page of its shards). `refused` where there is no stream, or one of a view
  /// that does not suffice: the hint names the call that changes it. `unreachable` while it is on its way.
  void find(Done<aws::StreamsDescription> done);

 private:
  void take_table(Result<aws::TableDescription> table, Done<aws::StreamsDescription> done);
  void describe(const aws::Arn& stream, Done<aws::StreamsDescription> done);

  aws::DynamoDbApi& tables_;
  aws::DynamoDbStreamsApi& streams_;
  std::string table_;
  bool enable_;
  Lifeline lifeline_;
};

}  // namespace ctk::source
