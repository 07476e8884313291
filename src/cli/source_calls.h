// The typed calls that a source's plan stands for, and nothing that reads on by itself: for commands that look and end.
#pragma once

#include <memory>

#include "aws/dynamodb_api.h"
#include "aws/dynamodb_streams_api.h"
#include "aws/fan_out_api.h"
#include "aws/kinesis_api.h"
#include "aws/table_settings.h"
#include "cli/source_url.h"
#include "cli/wired_aws.h"
#include "net/date_watch.h"
#include "source/source.h"

namespace ctk::cli {

/// The loop and the world outlive it.
class SourceCalls {
 public:
  /// `plan` is no file. `denied` or `usage` where there are no credentials.
  static Result<std::unique_ptr<SourceCalls>> make(const SourcePlan& plan, World& world, EventLoop& loop);

  aws::CredentialSource& credentials() { return aws_->credentials(); }
  /// What all of them are sent by.
  net::DateWatch& http() { return watch_; }
  aws::DynamoDbApi& tables() { return *tables_; }
  aws::TableSettings& settings() { return settings_; }
  aws::KinesisApi* kinesis() { return kinesis_.get(); }                ///< null of a table
  aws::FanOutApi* fan_out() { return fan_out_.get(); }                 ///< null likewise
  aws::DynamoDbStreamsApi* table_streams() { return streams_.get(); }  ///< null of a Kinesis stream
  /// Null where no lease table can be.
  aws::DynamoDbApi* leases() { return leases_.get(); }
  /// The stream as a relay has it; it makes nothing.
  source::StreamSource& stream() { return *stream_; }

 private:
  SourceCalls(std::unique_ptr<WiredAws> aws, const aws::ServiceEndpoint& tables, World& world);

  std::unique_ptr<WiredAws> aws_;
  net::DateWatch watch_;
  std::unique_ptr<aws::DynamoDbApi> tables_;
  aws::TableSettings settings_;
  std::unique_ptr<aws::KinesisApi> kinesis_;
  std::unique_ptr<aws::FanOutApi> fan_out_;
  std::unique_ptr<aws::DynamoDbStreamsApi> streams_;
  std::unique_ptr<aws::DynamoDbApi> leases_;
  std::unique_ptr<source::StreamSource> stream_;
};

}  // namespace ctk::cli
