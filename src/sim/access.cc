#include "sim/access.h"

#include <fmt/format.h>

#include "json/reader.h"
#include "sim/wire.h"

namespace ctk::sim {
namespace {

bool is_arn(std::string_view text) { return text.starts_with("arn:"); }

std::vector<std::string> tables_of(const Services& services, const WireInput& input) {
  std::vector<std::string> tables;
  const auto add = [&](const std::string& table) {
    tables.push_back(is_arn(table) ? table : services.dynamodb.arn_of(table));
  };
  if (const auto table = input.optional_text("TableName")) add(*table);
  if (const auto batch = input.object("RequestItems")) {
    for (const auto [table, requests] : batch->body().get_object()) add(std::string(table));
  }
  return tables;
}

/// DynamoDB's iterators have the stream's ARN in front.
std::string table_stream_of(const WireInput& input) {
  if (const auto stream = input.optional_text("StreamArn")) return *stream;
  const std::string iterator = input.text("ShardIterator");
  return is_arn(iterator) ? iterator.substr(0, iterator.find('|')) : "";
}

/// A consumer has an ARN of its own, below its stream's; where it is only named, its creation time is not known.
std::string consumer_of(const WireInput& input) {
  if (const auto consumer = input.optional_text("ConsumerARN")) return *consumer;
  return fmt::format("{}/consumer/{}:0", input.text("StreamARN"), input.text("ConsumerName"));
}

std::string kinesis_stream_of(const Services& services, std::string_view action, const WireInput& input) {
  const bool of_consumer = action == "SubscribeToShard" || action == "DescribeStreamConsumer";
  if (of_consumer) return consumer_of(input);
  if (const auto arn = input.optional_text("StreamARN")) return *arn;
  if (const auto name = input.optional_text("StreamName")) return services.kinesis.arn_of(*name);
  const auto iterator = input.optional_text("ShardIterator");
  return services.kinesis.stream_of_token(iterator ? *iterator : input.text("NextToken"));
}

}  // namespace

std::string caller_of(std::string_view authorization, const std::string& account) {
  constexpr std::string_view kBefore = "Credential=";
  const size_t at = authorization.find(kBefore);
  std::string_view key = at == std::string_view::npos ? "" : authorization.substr(at + kBefore.size());
  key = key.substr(0, key.find('/'));
  return fmt::format("arn:aws:iam::{}:user/{}", account, key);
}

std::string action_of(ServiceName service, std::string_view action) {
  return fmt::format("{}:{}", service == ServiceName::kinesis ? "kinesis" : "dynamodb", action);
}

std::vector<IamAccess> accesses_of(const Services& services, ServiceName service, std::string_view action,
                                   std::string_view body) {
  json::Parser parser;
  const auto parsed = parser.parse(body.empty() ? "{}" : body);
  std::vector<std::string> resources;
  if (parsed && parsed->is_object()) {
    const WireInput input(*parsed);
    if (service == ServiceName::dynamodb) resources = tables_of(services, input);
    if (service == ServiceName::streams) resources = {table_stream_of(input)};
    if (service == ServiceName::kinesis) resources = {kinesis_stream_of(services, action, input)};
  }
  std::erase(resources, "");
  if (resources.empty()) resources = {"*"};  // of the account, or of nothing that is there
  std::vector<IamAccess> accesses;
  for (std::string& resource : resources) {
    accesses.push_back({action_of(service, action), std::move(resource)});
  }
  return accesses;
}

Answer<void> authorise(const IamPolicy& policy, const std::string& caller, const std::vector<IamAccess>& accesses) {
  for (const IamAccess& access : accesses) {
    const IamRuling ruling = policy.rule(access);
    if (ruling == IamRuling::allowed) continue;
    const std::string why = ruling == IamRuling::denied
                                ? "with an explicit deny in an identity-based policy"
                                : fmt::format("because no identity-based policy allows the {} action", access.action);
    return refuse("AccessDeniedException", fmt::format("User: {} is not authorized to perform: {} on resource: {} {}",
                                                       caller, access.action, access.resource, why));
  }
  return {};
}

}  // namespace ctk::sim
