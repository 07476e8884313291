// From the source's URL, its options and the environment to what will be read. Pure: disk and environment are parameters.
//
//   kinesis+dynamodb+cdc://[KEY:SECRET@](aws|host[:port])/STREAM-or-ARN[?option=value&…]
//   kinesis+dynamodb+cdc:///abs/path        a file, if it is there
//   dynamodb+cdc://[KEY:SECRET@](aws|host[:port])/TABLE-or-ARN[?option=value&…]
//   dynamodb://[KEY:SECRET@](aws|host[:port])/TABLE-or-ARN[?option=value&…]      the table's items, once
//   file+dynamodb+cdc:///abs/path | file+dynamodb+cdc:relative/path | file+dynamodb+cdc:-
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "aws/compression.h"
#include "aws/credentials/credential_plan.h"
#include "aws/kinesis_api.h"
#include "aws/kinesis_http.h"
#include "cli/options.h"
#include "load/governor.h"

namespace ctk::cli {

/// The table that can be loaded, and how.
struct ScanPlan {
  std::string table;            ///< name or ARN
  aws::ServiceEndpoint tables;  ///< DynamoDB
  std::optional<load::ReadCapacity> read_capacity;
  aws::Compression compression = aws::Compression::automatic;
};

struct KinesisPlan {
  aws::StreamName stream;  ///< name or ARN
  aws::ServiceEndpoint endpoint;
  aws::CredentialRequest credentials;
  bool create = false;
  int create_shards = 1;
  std::optional<aws::WireFormat> format = {};  ///< nothing: what the endpoint knows
  aws::ServiceEndpoint tables = {};            ///< DynamoDB, where its table is
  bool whole_aggregates = false;               ///< records are kept as they are
  std::optional<std::string> fan_out = {};     ///< a consumer's name; nothing: shards are polled
};

struct TablePlan {
  std::string table;             ///< a table's name or ARN, or the ARN of its stream
  aws::ServiceEndpoint tables;   ///< DynamoDB
  aws::ServiceEndpoint streams;  ///< DynamoDB Streams
  aws::CredentialRequest credentials;
  bool enable_stream = false;
  aws::Compression compression = aws::Compression::automatic;
};

struct FilePlan {
  std::string path;  ///< "-" is standard input
};

struct SourcePlan {
  std::variant<KinesisPlan, TablePlan, FilePlan> from;
  OptionValues options;               ///< of the source and of the run, checked
  std::optional<ScanPlan> scan = {};  ///< where a load is wanted, or may be
  bool follow = true;                 ///< false: only the load
  aws::ServiceEndpoint leases = {};   ///< DynamoDB, where the lease table is; of a stream

  bool is_file() const { return std::holds_alternative<FilePlan>(from); }
  /// Null for a file.
  const aws::CredentialRequest* credentials() const {
    if (const auto* kinesis = std::get_if<KinesisPlan>(&from)) return &kinesis->credentials;
    const auto* table = std::get_if<TablePlan>(&from);
    return table == nullptr ? nullptr : &table->credentials;
  }
};

/// Whether a path names something that can be read as a file (no directory).
using IsFile = std::function<bool(const std::string& path)>;

Result<SourcePlan> plan_source(const std::string& url, const FlagValues& flags, const aws::Environment& environment,
                               const IsFile& is_file);

/// Whether a source's URL is that of a file, whatever its options.
bool names_a_file(const std::string& url, const IsFile& is_file);

/// Whether a word on the command line is a source's URL: it begins with a known scheme and a colon.
bool looks_like_source(std::string_view word);

}  // namespace ctk::cli
