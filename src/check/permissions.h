// The rights at AWS that a source takes, as data: what a policy is printed from, and what a preflight tries. Pure.
// Resources: Service Authorization Reference, Amazon DynamoDB and Amazon Kinesis Data Streams.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ctk::check {

/// What of AWS a command line reads.
struct SourceNeeds {
  std::string region = {};
  std::optional<std::string> kinesis = {};  ///< a stream's name or ARN
  bool create_kinesis = false;
  std::optional<std::string> fan_out = {};       ///< the stream is read by fan-out, as the consumer of that name
  std::optional<std::string> table_stream = {};  ///< a table's name or ARN, or its stream's ARN
  bool enable_stream = false;
  std::optional<std::string> scanned = {};  ///< a table's name or ARN: its items are read
  std::vector<std::string> leases = {};     ///< the names of the tables whose rows many workers share
};

struct Permission {
  std::string action;    ///< "dynamodb:GetRecords"
  std::string resource;  ///< an ARN; `*` stands for an account that is not known, and for the label of a stream
  bool operator==(const Permission&) const = default;
};

/// In the order in which a run comes to need them; none twice.
std::vector<Permission> permissions_of(const SourceNeeds& needs);

/// The least IAM policy that grants these, as indented JSON with a line end.
std::string policy_json(const std::vector<Permission>& permissions);

/// ARNs in a region, for any account where it is not known. An ARN stays as it is.
std::string table_arn(const std::string& region, const std::string& table);
std::string kinesis_arn(const std::string& region, const std::string& stream);

}  // namespace ctk::check
