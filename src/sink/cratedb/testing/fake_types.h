// Column types of the fake server, and its two ways of taking a value: the coordinator's cast, which bends what it can
// (1.9 → 1, "7" → 7, true → "t"), and the shard's check, which knows columns that the same request has made.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "sink/cratedb/testing/fake_value.h"

namespace ctk::sink::cratedb::testing {

struct SqlError {
  int code = 4000;
  std::string message;  ///< "SQLParseException[…]"
};
SqlError parse_exception(const std::string& text);

template <class T>
using SqlResult = std::expected<T, SqlError>;

struct Column;

struct Type {
  enum class Kind { undefined, text, boolean, integer, bigint, double_precision, timestamp, object, array };
  enum class Policy { strict, dynamic, ignored };

  Kind kind = Kind::undefined;
  Policy policy = Policy::dynamic;  ///< of an object, or of an array's objects
  std::vector<Column> columns;      ///< of an object, or of an array's objects
  std::vector<Type> element;        ///< of an array: one

  Column* find(std::string_view name);
  const Column* find(std::string_view name) const;
};

struct Column {
  std::string name;
  Type type;
  int oid = 0;
  bool key = false;
  bool not_null = false;
  bool indexed = true;
};

std::string type_name(const Type& type);
/// The id that `?types` gives, as JSON.
std::string type_id(const Type& type);

/// What the coordinator makes of a value for a column: nothing where it cannot. For objects only the known members are
/// cast.
std::optional<Value> cast(const Value& value, const Type& type);
/// The coordinator's refusal, which ends the whole request.
SqlResult<Value> cast_column(const Value& value, const Type& type);

/// Whether a member of an object may have that name.
SqlResult<bool> check_name(const std::string& name);

/// Whether 6.4.3 fails to read the value for a name with a character beyond U+FFFF, which it took: inside arrays of
/// objects, and inside IGNORED objects until the row is refreshed.
bool holds_unreadable_name(const Value& value, const Type& type, bool refreshed);
SqlError unreadable_name();

/// Takes values into a document as a shard does. Unknown members of dynamic objects become columns: `added_column` tells.
class Indexer {
 public:
  Indexer(int& next_oid, size_t column_count) : next_oid_(next_oid), column_count_(column_count) {}

  SqlResult<Value> take(const Value& value, Column& column);
  bool added_column() const { return added_column_; }

 private:
  SqlResult<Value> take_object(const Value& value, Type& type, const std::string& name);
  SqlResult<Value> take_member(const std::string& name, const Value& value, Type& object, const std::string& object_name);
  SqlResult<Value> take_number(const std::string& name, const Value& value, const Type& type);
  SqlResult<Value> take_array(const Value& value, Column& column);
  SqlResult<Value> take_ignored(const Value& value);
  SqlResult<Type> detect(const Value& value);
  SqlResult<Type> detect_array(const Value& value);

  int& next_oid_;
  size_t column_count_;
  bool added_column_ = false;
};

}  // namespace ctk::sink::cratedb::testing
