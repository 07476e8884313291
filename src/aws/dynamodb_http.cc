#include "aws/dynamodb_http.h"

#include <fmt/format.h>

#include "aws/dynamodb_wire.h"

namespace ctk::aws {
namespace {

const JsonService kService{"dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0"};

std::string named(const TableName& table) { return fmt::format("table '{}'", table.str()); }

class DynamoDbHttp final : public DynamoDbApi {
 public:
  DynamoDbHttp(ServiceEndpoint endpoint, CredentialSource& credentials, net::HttpClient& http, Executor& decoder,
               Clock& clock, Compression compression)
      : caller_(kService, std::move(endpoint), credentials, http, decoder, clock, WireFormat::json, compression) {}

  void describe_table(const TableName& table, Done<TableDescription> done) override {
    describe("Table", {.action = "DescribeTable", .body = describe_table_request(table), .object = named(table)},
             std::move(done));
  }

  void enable_stream(const TableName& table, StreamView view, Done<TableDescription> done) override {
    describe("TableDescription",
             {.action = "UpdateTable", .body = enable_stream_request(table, view), .object = named(table)},
             std::move(done));
  }

  void scan(const ScanRequest& request, Done<ScanPage> done) override {
    JsonCall call{.action = "Scan", .body = scan_request(request), .object = named(request.table), .list = "Items"};
    if (request.max_answer_bytes > 0) call.max_answer_bytes = request.max_answer_bytes;
    caller_.call_and_decode<ScanPage>(
        std::move(call), [parser = parser_](std::string& body) { return read_scan_page(*parser, body); },
        [](ScanPage& page, const JsonAnswer& answer) {
          page.server_time = answer.server_time;
          page.cut_off = answer.cut_off;
          page.whole_bytes = answer.whole_bytes;
        },
        std::move(done));
  }

  void get_item(const TableName& table, const std::string& key, Done<std::optional<std::string>> done) override {
    JsonCall call{.action = "GetItem", .body = get_item_request(table, key), .object = named(table)};
    caller_.call_and_decode<std::optional<std::string>>(
        std::move(call), [parser = parser_](std::string& body) { return read_item(*parser, body); },
        [](std::optional<std::string>&, const JsonAnswer&) {}, std::move(done));
  }

 private:
  void describe(std::string_view member, JsonCall call, Done<TableDescription> done) {
    caller_.call(std::move(call), [member, done = std::move(done)](Result<JsonAnswer> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      Result<TableDescription> table = read_table_description(answer->body, member);
      if (table) table->server_time = answer->server_time;
      done(std::move(table));
    });
  }

  JsonCaller caller_;
  std::shared_ptr<json::PieceParser> parser_ = std::make_shared<json::PieceParser>();  // used by jobs of the decoder only
};

}  // namespace

std::unique_ptr<DynamoDbApi> make_dynamodb_http(ServiceEndpoint endpoint, CredentialSource& credentials,
                                                net::HttpClient& http, Executor& decoder, Clock& clock,
                                                Compression compression) {
  return std::make_unique<DynamoDbHttp>(std::move(endpoint), credentials, http, decoder, clock, compression);
}

}  // namespace ctk::aws
