// All sources and all targets, in one place: what a plan names becomes an object here, and nowhere else.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "aws/dynamodb_api.h"
#include "aws/dynamodb_streams_api.h"
#include "aws/fan_out_api.h"
#include "base/event_loop.h"
#include "cli/source_url.h"
#include "cli/standard_output.h"
#include "cli/wired_aws.h"
#include "cli/world.h"
#include "net/curl_client.h"
#include "sink/target_options.h"
#include "source/source_router.h"

namespace ctk::cli {

/// Certificates: AWS_CA_BUNDLE (for AWS), SSL_CERT_FILE, else the system's. `metrics` may be nothing.
net::CurlOptions curl_options_for_aws(const aws::Environment& environment, Metrics* metrics);
net::CurlOptions curl_options_for_target(const sink::TargetOptions& target, const aws::Environment& environment,
                                         Metrics* metrics);

/// What a sink is made with, for targets that are reached without HTTP. The loop and the world outlive it.
sink::SinkEnvironment sink_environment(World& world, EventLoop& loop);

/// Prints the DDL and SQL of the target's kind to `out`, with parameters as comments; connects to nothing.
std::unique_ptr<sink::Sink> make_dry_run_sink(const sink::TargetOptions& target, const sink::SinkEnvironment& environment,
                                              std::ostream& out);

/// A source with what it stands on. The loop and the world outlive it.
class WiredSource {
 public:
  /// `denied` or `usage` where there are no credentials for a stream.
  static Result<std::unique_ptr<WiredSource>> make(const SourcePlan& plan, World& world, EventLoop& loop);
  source::Sources sources() { return {stream_.get(), snapshot_.get()}; }
  /// DynamoDB, where a table may be loaded; else null.
  aws::DynamoDbApi* tables() { return tables_.get(); }
  /// Who signs and calls; null of a file.
  WiredAws* aws() { return aws_.get(); }

 private:
  WiredSource() = default;
  std::unique_ptr<source::StreamSource> make_kinesis_stream(const SourcePlan& plan, World& world, EventLoop& loop);
  /// The stream, as the plan names it; nothing where only the table is loaded.
  std::unique_ptr<source::StreamSource> make_stream(const SourcePlan& plan, World& world, EventLoop& loop);

  std::unique_ptr<WiredAws> aws_;
  std::unique_ptr<aws::KinesisApi> kinesis_;
  std::unique_ptr<aws::FanOutApi> fan_out_;
  std::unique_ptr<aws::DynamoDbApi> tables_;
  std::unique_ptr<aws::DynamoDbStreamsApi> streams_;
  std::unique_ptr<source::StreamSource> stream_;
  std::unique_ptr<source::SnapshotSource> snapshot_;
};

/// A target with what it stands on.
class WiredSink {
 public:
  /// A dry run prints to `dry_run_out`; null: to standard output.
  WiredSink(const sink::TargetOptions& target, World& world, EventLoop& loop, std::ostream* dry_run_out = nullptr);
  sink::Sink& sink() { return *sink_; }
  /// Null where the target answers no questions: ndjson, and every dry run.
  sink::Console* console() { return console_; }
  /// Null likewise.
  sink::RowReader* rows() { return rows_; }
  sink::RowRepairer* repairer() { return repairer_; }
  sink::TargetCheck* target_check() { return target_check_; }

 private:
  void wire(std::unique_ptr<sink::Database> database);

  StandardOutput printed_;
  std::unique_ptr<net::CurlClient> http_;
  std::unique_ptr<sink::Sink> sink_;
  sink::Console* console_ = nullptr;  ///< the same object
  sink::RowReader* rows_ = nullptr;   ///< and here
  sink::RowRepairer* repairer_ = nullptr;
  sink::TargetCheck* target_check_ = nullptr;
};

}  // namespace ctk::cli
