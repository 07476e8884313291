#include "check/permissions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "coordination/kcl_place.h"

namespace ctk::check {
namespace {

/// The partition's name in ARNs. Source: partitions.json of AWS's SDKs.
std::string_view partition_of(std::string_view region) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kPartitions = {{{"cn-", "aws-cn"},
                                                                                         {"us-gov-", "aws-us-gov"},
                                                                                         {"us-iso-", "aws-iso"},
                                                                                         {"us-isob-", "aws-iso-b"},
                                                                                         {"us-isof-", "aws-iso-f"},
                                                                                         {"eu-isoe-", "aws-iso-e"},
                                                                                         {"eusc-", "aws-eusc"}}};
  for (const auto& [begins, name] : kPartitions) {
    if (region.starts_with(begins)) return name;
  }
  return "aws";
}

bool is_arn(std::string_view text) { return text.starts_with("arn:"); }

std::string arn_of(std::string_view service, const std::string& region, std::string_view what) {
  return fmt::format("arn:{}:{}:{}:*:{}", partition_of(region), service, region, what);
}

/// Of the ARN of a table or of its stream: the table's.
std::string without_stream(const std::string& arn) { return arn.substr(0, arn.find("/stream/")); }

bool is_stream_arn(const std::string& text) { return is_arn(text) && text.find("/stream/") != std::string::npos; }

class Collector {
 public:
  void add(std::string_view action, const std::string& resource) {
    Permission permission{std::string(action), resource};
    if (std::ranges::find(found_, permission) == found_.end()) found_.push_back(std::move(permission));
  }
  std::vector<Permission> take() { return std::move(found_); }

 private:
  std::vector<Permission> found_;
};

void add_kinesis(Collector& needed, const SourceNeeds& needs) {
  const std::string stream = kinesis_arn(needs.region, *needs.kinesis);
  needed.add("kinesis:DescribeStreamSummary", stream);
  if (needs.create_kinesis) needed.add("kinesis:CreateStream", stream);
  // Where a consumer is registered its ARN ends in a time that nobody knows yet.
  const std::string consumer = needs.fan_out ? fmt::format("{}/consumer/{}:*", stream, *needs.fan_out) : "";
  if (needs.fan_out) needed.add("kinesis:DescribeStreamConsumer", consumer);
  if (needs.fan_out) needed.add("kinesis:RegisterStreamConsumer", stream);
  needed.add("kinesis:ListShards", stream);
  needed.add("kinesis:GetShardIterator", stream);
  if (needs.fan_out)
    needed.add("kinesis:SubscribeToShard", consumer);
  else
    needed.add("kinesis:GetRecords", stream);
}

void add_table_stream(Collector& needed, const SourceNeeds& needs) {
  const std::string& given = *needs.table_stream;
  const std::string table = table_arn(needs.region, without_stream(given));
  const bool named = is_stream_arn(given);  // then nobody has to look for it
  if (!named) needed.add("dynamodb:DescribeTable", table);
  if (!named && needs.enable_stream) needed.add("dynamodb:UpdateTable", table);
  const std::string stream = named ? given : table + "/stream/*";
  for (const char* action : {"dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"}) {
    needed.add(action, stream);
  }
}

void add_leases(Collector& needed, const SourceNeeds& needs, const std::string& name) {
  const std::string table = table_arn(needs.region, name);
  for (const char* action : {"dynamodb:DescribeTable", "dynamodb:CreateTable", "dynamodb:Scan", "dynamodb:PutItem",
                             "dynamodb:UpdateItem", "dynamodb:GetItem", "dynamodb:DeleteItem"}) {
    needed.add(action, table);
  }
}

/// Where the workers of KCL 3, before version 3.5, say who leads them, and report. Of a name or an ARN.
coordination::KclTables tables_of_kcl(const std::string& leases) {
  return coordination::kcl_tables(coordination::KclPlace::beside_it, aws::TableName(leases));
}

void add_tables_of_kcl(Collector& needed, const SourceNeeds& needs, const std::string& leases) {
  const coordination::KclTables tables = tables_of_kcl(leases);
  needed.add("dynamodb:GetItem", table_arn(needs.region, tables.coordinator.str()));
  for (const char* action : {"dynamodb:Scan", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}) {
    needed.add(action, table_arn(needs.region, tables.reports.str()));
  }
}

/// `leases`: the resources that are written to.
std::string_view statement_name(const Permission& permission, const std::vector<std::string>& leases) {
  if (std::ranges::find(leases, permission.resource) != leases.end())
    return permission.resource == leases.front() ? "ShareTheLeases" : "ShareTheLoad";
  if (!leases.empty()) {
    const coordination::KclTables tables = tables_of_kcl(leases.front());
    if (permission.resource == tables.coordinator.str()) return "SeeTheLeaderOfKcl3";
    if (permission.resource == tables.reports.str()) return "ReportToTheLeaderOfKcl3";
  }
  if (permission.resource.contains("/consumer/")) return "ReadByFanOut";
  if (permission.action.starts_with("kinesis:")) return "ReadTheKinesisStream";
  if (permission.resource.find("/stream/") != std::string::npos) return "ReadTheTablesStream";
  return permission.action == "dynamodb:UpdateTable" ? "SwitchTheStreamOn" : "ReadTheTable";
}

struct PolicyStatement {
  std::string name;
  std::vector<std::string> resources;
  std::vector<std::string> actions;
  int number = 1;  ///< among those of its name

  std::string id() const { return number == 1 ? name : name + std::to_string(number); }
};

/// One for each name and resource, in the order of their first permissions.
std::vector<PolicyStatement> statements_of_each_resource(const std::vector<Permission>& permissions) {
  std::vector<std::string> leases;
  for (const Permission& permission : permissions) {
    if (permission.action == "dynamodb:PutItem") leases.push_back(permission.resource);
  }
  std::vector<PolicyStatement> statements;
  for (const Permission& permission : permissions) {
    const std::string name(statement_name(permission, leases));
    const auto is_it = [&](const PolicyStatement& each) {
      return each.name == name && each.resources[0] == permission.resource;
    };
    auto found = std::ranges::find_if(statements, is_it);
    if (found == statements.end()) found = statements.insert(statements.end(), {name, {permission.resource}, {}});
    found->actions.push_back(permission.action);
  }
  return statements;
}

/// IAM takes no policy in which two statements have one id. Those that allow the same are one, for all their resources;
/// others of one name are numbered.
std::vector<PolicyStatement> statements_of(const std::vector<Permission>& permissions) {
  std::vector<PolicyStatement> statements;
  std::map<std::string, int> named;
  for (PolicyStatement& each : statements_of_each_resource(permissions)) {
    const auto allows_it = [&](const PolicyStatement& other) {
      return other.name == each.name && other.actions == each.actions;
    };
    if (auto found = std::ranges::find_if(statements, allows_it); found != statements.end()) {
      found->resources.push_back(std::move(each.resources[0]));
      continue;
    }
    each.number = ++named[each.name];
    statements.push_back(std::move(each));
  }
  return statements;
}

std::string json_text(const std::string& text) { return fmt::format("\"{}\"", text); }

std::string json_list(const std::vector<std::string>& texts) {
  std::vector<std::string> lines;
  for (const std::string& text : texts) lines.push_back("        " + json_text(text));
  return fmt::format("[\n{}\n      ]", fmt::join(lines, ",\n"));
}

}  // namespace

std::string table_arn(const std::string& region, const std::string& table) {
  return is_arn(table) ? table : arn_of("dynamodb", region, "table/" + table);
}

std::string kinesis_arn(const std::string& region, const std::string& stream) {
  return is_arn(stream) ? stream : arn_of("kinesis", region, "stream/" + stream);
}

std::vector<Permission> permissions_of(const SourceNeeds& needs) {
  Collector needed;
  if (needs.kinesis) add_kinesis(needed, needs);
  if (needs.table_stream) add_table_stream(needed, needs);
  if (needs.scanned) {
    const std::string table = table_arn(needs.region, *needs.scanned);
    needed.add("dynamodb:DescribeTable", table);
    needed.add("dynamodb:Scan", table);
  }
  for (const std::string& table : needs.leases) add_leases(needed, needs, table);
  if (!needs.leases.empty()) add_tables_of_kcl(needed, needs, needs.leases.front());
  return needed.take();
}

std::string policy_json(const std::vector<Permission>& permissions) {
  std::string text;
  for (const PolicyStatement& each : statements_of(permissions)) {
    text += fmt::format(
        "{}    {{\n      \"Sid\": \"{}\",\n      \"Effect\": \"Allow\",\n      \"Resource\": {},\n      \"Action\": {}\n   "
        " }}",
        text.empty() ? "\n" : ",\n", each.id(),
        each.resources.size() == 1 ? json_text(each.resources[0]) : json_list(each.resources), json_list(each.actions));
  }
  return fmt::format("{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{}{}]\n}}\n", text, text.empty() ? "" : "\n  ");
}

}  // namespace ctk::check
