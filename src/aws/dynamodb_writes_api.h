// DynamoDB: the calls that change something, as types; a seam like DynamoDbApi, and apart from it, so that whoever is
// handed a user's table to read has no call that could write to it. Source: Amazon DynamoDB API Reference (CreateTable,
// PutItem, UpdateItem, DeleteItem).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_api.h"
#include "aws/ids.h"
#include "base/done.h"

namespace ctk::aws {

/// A table billed by request.
struct NewTable {
  TableName name;
  std::vector<KeyAttribute> keys;  ///< the hash key, then the range key where there is one
};

/// One conditional write of one item.
struct ItemWrite {
  enum class Kind { put, update, remove };
  TableName table;
  Kind kind = Kind::put;
  std::string subject;    ///< put: the whole item; else the key; DynamoDB JSON, `{"pk":{"S":"a"},…}`
  std::string update;     ///< UpdateExpression, of an update only
  std::string condition;  ///< ConditionExpression; empty: none
  std::map<std::string, std::string> names = {};   ///< ExpressionAttributeNames: "#n" → the attribute
  std::map<std::string, std::string> values = {};  ///< ExpressionAttributeValues: ":v" → `{"N":"1"}`
  bool operator==(const ItemWrite&) const = default;
};

struct WriteOutcome {
  bool applied = true;  ///< false: the condition did not hold, and nothing was changed
  /// DynamoDB JSON. Of an update that was applied: the item as it is now. Where the condition did not hold: the item as it
  /// was found; nothing where there is none, or where the endpoint does not show it.
  std::optional<std::string> item;
};

/// Errors as of DynamoDbApi. A write whose answer is lost may have been done.
class DynamoDbWritesApi {
 public:
  virtual ~DynamoDbWritesApi() = default;
  /// The table is there at once, but may be in no state to be used before describe_table() says ACTIVE.
  virtual void create_table(const NewTable& table, Done<TableDescription> done) = 0;
  virtual void write_item(const ItemWrite& write, Done<WriteOutcome> done) = 0;
};

}  // namespace ctk::aws
