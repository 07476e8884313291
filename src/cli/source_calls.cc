#include "cli/source_calls.h"

#include <utility>

#include "aws/dynamodb_http.h"
#include "aws/dynamodb_streams_http.h"
#include "aws/fan_out_http.h"
#include "source/kinesis_source.h"
#include "source/streams_source.h"

namespace ctk::cli {

SourceCalls::SourceCalls(std::unique_ptr<WiredAws> aws, const aws::ServiceEndpoint& tables, World& world)
    : aws_(std::move(aws)),
      watch_(aws_->calls(), world.clock),
      tables_(aws::make_dynamodb_http(tables, aws_->credentials(), watch_, aws_->decoder(), world.clock)),
      settings_(tables, aws_->credentials(), watch_, aws_->decoder(), world.clock) {}

Result<std::unique_ptr<SourceCalls>> SourceCalls::make(const SourcePlan& plan, World& world, EventLoop& loop) {
  auto reached = WiredAws::make(*plan.credentials(), world, loop);
  if (!reached) return std::unexpected(reached.error());
  WiredAws& aws = **reached;
  const auto* kinesis = std::get_if<KinesisPlan>(&plan.from);
  const auto* table = std::get_if<TablePlan>(&plan.from);
  std::unique_ptr<SourceCalls> calls(
      new SourceCalls(std::move(*reached), kinesis != nullptr ? kinesis->tables : table->tables, world));
  if (!plan.leases.url.empty()) {
    calls->leases_ = aws::make_dynamodb_http(plan.leases, aws.credentials(), calls->watch_, aws.decoder(), world.clock);
  }
  if (kinesis != nullptr) {
    calls->kinesis_ = aws::make_kinesis_http(kinesis->endpoint, aws.credentials(), calls->watch_, aws.decoder(),
                                             world.clock, kinesis->format);
    calls->fan_out_ = aws::make_fan_out_http(
        kinesis->endpoint, {aws.credentials(), calls->watch_, aws.streams(), aws.decoder(), loop, world.clock},
        kinesis->format);
    calls->stream_ = source::make_kinesis_source(*calls->kinesis_, {kinesis->stream}, loop, world.clock);
    return calls;
  }
  calls->streams_ =
      aws::make_dynamodb_streams_http(table->streams, aws.credentials(), calls->watch_, aws.decoder(), world.clock);
  calls->stream_ = source::make_streams_source(*calls->tables_, *calls->streams_, {table->table}, loop, world.clock);
  return calls;
}

}  // namespace ctk::cli
