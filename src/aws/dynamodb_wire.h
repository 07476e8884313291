// The JSON 1.0 of DynamoDB: requests as text, answers as types. Pure. Source: Amazon DynamoDB API Reference.
#pragma once

#include <string>
#include <string_view>

#include "aws/dynamodb_api.h"
#include "base/error.h"
#include "json/pieces.h"

namespace ctk::aws {

std::string describe_table_request(const TableName& table);
/// Asks for the consumed capacity.
std::string scan_request(const ScanRequest& request);
/// A consistent read.
std::string get_item_request(const TableName& table, std::string_view key);
/// UpdateTable with a StreamSpecification.
std::string enable_stream_request(const TableName& table, StreamView view);

/// NEW_AND_OLD_IMAGES, ….
std::string_view to_string(StreamView view);
std::optional<StreamView> parse_stream_view(std::string_view text);

/// Answers; `corrupt` where one is not what the service promises. `server_time` is left to the caller.
/// `member` holds the description: "Table" (DescribeTable), "TableDescription" (UpdateTable).
Result<TableDescription> read_table_description(std::string_view body, std::string_view member);
Result<std::optional<std::string>> read_item(json::PieceParser& parser, std::string& body);
/// `body` gets json::kPadding spare capacity where it has less.
Result<ScanPage> read_scan_page(json::PieceParser& parser, std::string& body);

}  // namespace ctk::aws
