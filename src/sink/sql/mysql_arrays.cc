#include "sink/sql/mysql_arrays.h"

#include "sink/sql/mysql_text.h"

namespace ctk::sink::sql {
namespace {

/// What stands beside a value in its packet: an indicator, and a length.
constexpr size_t kBesideValue = 10;
constexpr size_t kLongestTime = 32;

enum_field_types bound_type(Param::Kind kind) {
  using Kind = Param::Kind;
  switch (kind) {
    case Kind::null: return MYSQL_TYPE_NULL;
    case Kind::text:
    case Kind::json:
    case Kind::time: return MYSQL_TYPE_STRING;
    case Kind::binary: return MYSQL_TYPE_BLOB;
    // A key that is compared as another type finds no index, or another row.
    case Kind::number: return MYSQL_TYPE_NEWDECIMAL;
    case Kind::integer:
    case Kind::boolean: return MYSQL_TYPE_LONGLONG;
    case Kind::real: return MYSQL_TYPE_DOUBLE;
  }
  return MYSQL_TYPE_NULL;
}

size_t size_of_row(std::span<const Param> row) {
  size_t bytes = 0;
  for (const Param& param : row) {
    // Digits are written out; canonical ones have a short exponent.
    const bool digits = param.kind == Param::Kind::number;
    bytes += kBesideValue + (digits ? plain_decimal(param.text).size() : std::max(param.text.size(), kLongestTime));
  }
  return bytes;
}

}  // namespace

size_t MysqlArrays::fill(std::span<const Param> params, size_t width, size_t bytes) {
  columns_.assign(width, {});
  made_.clear();
  rows_ = first_size_ = 0;
  for (size_t taken = 0; !params.empty(); params = params.subspan(width), ++rows_) {
    const std::span<const Param> row = params.first(width);
    const size_t size = size_of_row(row);
    if (rows_ == 0) first_size_ = size;
    taken += size;
    if (taken > bytes || !take_types(row)) break;
    for (size_t i = 0; i < width; ++i) append(columns_[i], row[i]);
  }
  return rows_;
}

bool MysqlArrays::take_types(std::span<const Param> row) {
  for (size_t i = 0; i < row.size(); ++i) {
    const enum_field_types type = bound_type(row[i].kind), there = columns_[i].type;
    if (type != MYSQL_TYPE_NULL && there != MYSQL_TYPE_NULL && type != there) return false;
  }
  for (size_t i = 0; i < row.size(); ++i) {
    if (columns_[i].type == MYSQL_TYPE_NULL) columns_[i].type = bound_type(row[i].kind);
  }
  return true;
}

void MysqlArrays::append(Column& column, const Param& param) {
  using Kind = Param::Kind;
  column.indicators.push_back(param.kind == Kind::null ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE);
  column.integers.push_back(param.integer);
  column.reals.push_back(param.number);
  if (param.kind == Kind::number) return append_text(column, made_.emplace_back(plain_decimal(param.text)));
  if (param.kind == Kind::time) return append_text(column, made_.emplace_back(plain_time(param.integer)));
  append_text(column, param.text);
}

void MysqlArrays::append_text(Column& column, std::string_view text) {
  column.texts.push_back(const_cast<char*>(text.data()));  // it is only read
  column.lengths.push_back(text.size());
}

std::vector<MYSQL_BIND> MysqlArrays::binds() {
  std::vector<MYSQL_BIND> binds(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    binds[i] = {};
    binds[i].buffer_type = column.type == MYSQL_TYPE_NULL ? MYSQL_TYPE_STRING : column.type;
    binds[i].length = column.lengths.data();
    binds[i].u.indicator = column.indicators.data();
    if (column.type == MYSQL_TYPE_LONGLONG) {
      binds[i].buffer = column.integers.data();
    } else if (column.type == MYSQL_TYPE_DOUBLE) {
      binds[i].buffer = column.reals.data();
    } else {
      binds[i].buffer = static_cast<void*>(column.texts.data());
    }
  }
  return binds;
}

}  // namespace ctk::sink::sql
