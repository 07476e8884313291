#include "aws/table_settings.h"

#include <fmt/format.h>

#include "aws/common_wire.h"
#include "aws/dynamodb_wire.h"

namespace ctk::aws {
namespace {

const JsonService kService{"dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0"};

JsonCall call_of(std::string action, const TableName& table) {
  return {.action = std::move(action),
          .body = describe_table_request(table),  // both take the table's name and nothing else
          .object = fmt::format("table '{}'", table.str())};
}

template <class T>
auto reading(Result<T> (*read)(std::string_view), Done<T> done) {
  return [read, done = std::move(done)](Result<JsonAnswer> answer) mutable {
    if (!answer) return done(forward_error(std::move(answer)));
    done(read(answer->body));
  };
}

}  // namespace

TableSettings::TableSettings(ServiceEndpoint endpoint, CredentialSource& credentials, net::HttpClient& http,
                             Executor& decoder, Clock& clock)
    : caller_(kService, std::move(endpoint), credentials, http, decoder, clock) {}

void TableSettings::kinesis_destinations(const TableName& table, Done<std::vector<KinesisDestination>> done) {
  caller_.call(call_of("DescribeKinesisStreamingDestination", table),
               reading<std::vector<KinesisDestination>>(read_kinesis_destinations, std::move(done)));
}

void TableSettings::point_in_time_recovery(const TableName& table, Done<bool> done) {
  caller_.call(call_of("DescribeContinuousBackups", table), reading<bool>(read_point_in_time_recovery, std::move(done)));
}

Result<std::vector<KinesisDestination>> read_kinesis_destinations(std::string_view body) {
  json::Parser parser;
  const auto document = parser.parse(body);
  if (!document) return strange_answer("DynamoDB", "DescribeKinesisStreamingDestination", document.error().peer);
  std::vector<KinesisDestination> found;
  for_each(*document, "KinesisDataStreamDestinations", [&](json::Element each) {
    found.push_back({Arn(text_member(each, "StreamArn")), text_member(each, "DestinationStatus"),
                     text_member(each, "ApproximateCreationDateTimePrecision")});
    return true;
  });
  return found;
}

Result<bool> read_point_in_time_recovery(std::string_view body) {
  json::Parser parser;
  const auto document = parser.parse(body);
  if (!document) return strange_answer("DynamoDB", "DescribeContinuousBackups", document.error().peer);
  const auto backups = json::member(*document, "ContinuousBackupsDescription");
  const auto recovery = backups ? json::member(*backups, "PointInTimeRecoveryDescription") : std::nullopt;
  return recovery && text_member(*recovery, "PointInTimeRecoveryStatus") == "ENABLED";
}

}  // namespace ctk::aws
