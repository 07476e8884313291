#include "cli/needs.h"

#include "aws/ids.h"
#include "coordination/lease_table.h"
#include "relay/run.h"

namespace ctk::cli {
namespace {

const aws::ServiceEndpoint& endpoint_of(const SourcePlan& plan) {
  if (const auto* kinesis = std::get_if<KinesisPlan>(&plan.from)) return kinesis->endpoint;
  return std::get<TablePlan>(plan.from).tables;
}

/// AWS's own names, those of private endpoints too.
bool is_of_aws(const std::string& url) { return url.contains(".amazonaws.") || url.contains(".api.aws"); }

aws::TableName lease_table_of_relay(const LoadPlan& plan) {
  source::SourceIdentity identity;
  if (const auto* kinesis = std::get_if<KinesisPlan>(&plan.source.from)) {
    identity.service = "kinesis";
    const std::string& stream = kinesis->stream.str();
    identity.name = stream.substr(stream.rfind('/') + 1);
  } else {
    identity.service = "dynamodb";
    identity.name = table_of(plan.source);
  }
  return coordination::lease_table_name(relay::relay_name(plan.relay, identity));
}

}  // namespace

check::SourceNeeds needs_of(const SourcePlan& plan) {
  check::SourceNeeds needs;
  if (plan.is_file()) return needs;
  needs.region = endpoint_of(plan).region;
  if (const auto* kinesis = std::get_if<KinesisPlan>(&plan.from); kinesis != nullptr && plan.follow) {
    needs.kinesis = kinesis->stream.str();
    needs.create_kinesis = kinesis->create;
    needs.fan_out = kinesis->fan_out;
  }
  if (const auto* table = std::get_if<TablePlan>(&plan.from); table != nullptr && plan.follow) {
    needs.table_stream = table->table;
    needs.enable_stream = table->enable_stream;
  }
  if (plan.scan) needs.scanned = plan.scan->table;
  return needs;
}

std::vector<std::string> lease_tables_of(const LoadPlan& plan) {
  if (!plan.leases) return {};
  const aws::TableName leases = plan.leases->table.value_or(lease_table_of_relay(plan));
  std::vector<std::string> tables = {leases.str()};
  if (plan.leases->loads) tables.push_back(coordination::load_lease_table_name(leases).str());
  return tables;
}

std::string table_of(const SourcePlan& plan) {
  if (plan.scan) return plan.scan->table;
  if (const auto* table = std::get_if<TablePlan>(&plan.from)) return aws::bare_name(aws::TableName(table->table));
  return plan.options.text("source-table").value_or("");
}

IdentityEndpoint identity_endpoint(const SourcePlan& plan, const aws::Environment& environment) {
  const aws::ServiceEndpoint& source = endpoint_of(plan);
  const bool named = environment.get("AWS_ENDPOINT_URL_STS").has_value();
  if (!named && !is_of_aws(source.url)) return {source, true};
  const auto profile = plan.options.text("profile");
  return {{aws::find_endpoint("sts", source.region, std::nullopt, profile, environment), source.region}, false};
}

}  // namespace ctk::cli
