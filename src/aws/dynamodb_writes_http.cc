#include "aws/dynamodb_writes_http.h"

#include <fmt/format.h>

#include "aws/dynamodb_wire.h"
#include "aws/dynamodb_writes_wire.h"

namespace ctk::aws {
namespace {

const JsonService kService{"dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0"};

class DynamoDbWritesHttp final : public DynamoDbWritesApi {
 public:
  DynamoDbWritesHttp(ServiceEndpoint endpoint, CredentialSource& credentials, net::HttpClient& http, Executor& decoder,
                     Clock& clock)
      : caller_(kService, std::move(endpoint), credentials, http, decoder, clock) {}

  void create_table(const NewTable& table, Done<TableDescription> done) override {
    JsonCall call{.action = "CreateTable", .body = create_table_request(table), .object = named(table.name)};
    caller_.call(std::move(call), [done = std::move(done)](Result<JsonAnswer> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      Result<TableDescription> made = read_table_description(answer->body, "TableDescription");
      if (made) made->server_time = answer->server_time;
      done(std::move(made));
    });
  }

  void write_item(const ItemWrite& write, Done<WriteOutcome> done) override {
    JsonCall call{.action = action_of(write.kind),
                  .body = write_item_request(write),
                  .object = named(write.table),
                  .answering_code = std::string(kConditionFailed)};
    caller_.call(std::move(call), [kind = write.kind, done = std::move(done)](Result<JsonAnswer> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      done(read_write_outcome(kind, std::move(answer->body), !answer->refused));
    });
  }

 private:
  static std::string named(const TableName& table) { return fmt::format("table '{}'", table.str()); }

  JsonCaller caller_;
};

}  // namespace

std::unique_ptr<DynamoDbWritesApi> make_dynamodb_writes_http(ServiceEndpoint endpoint, CredentialSource& credentials,
                                                             net::HttpClient& http, Executor& decoder, Clock& clock) {
  return std::make_unique<DynamoDbWritesHttp>(std::move(endpoint), credentials, http, decoder, clock);
}

}  // namespace ctk::aws
