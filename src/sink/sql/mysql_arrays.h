// Rows of parameters as MariaDB's client binds them: an array a column, and an execution for all rows. Pure; no connection.
#pragma once

#include <mariadb/mysql.h>

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sink/sql/statement.h"

namespace ctk::sink::sql {

/// It views the texts of the parameters that it was filled with.
class MysqlArrays {
 public:
  /// Takes rows of `width` parameters from the front, while a column has one type in all of them, and while they fit into
  /// `bytes`. How many; none: the first one alone is longer (first_size()).
  size_t fill(std::span<const Param> params, size_t width, size_t bytes);
  /// Bytes of the first row that it was given.
  size_t first_size() const { return first_size_; }

  size_t rows() const { return rows_; }
  /// One a column, for mysql_stmt_bind_param. They point into this.
  std::vector<MYSQL_BIND> binds();

 private:
  struct Column {
    enum_field_types type = MYSQL_TYPE_NULL;  ///< NULL: no row has said another yet
    std::vector<char*> texts;
    std::vector<unsigned long> lengths;
    std::vector<char> indicators;
    std::vector<int64_t> integers;
    std::vector<double> reals;
  };

  bool take_types(std::span<const Param> row);
  void append(Column& column, const Param& param);
  static void append_text(Column& column, std::string_view text);

  std::vector<Column> columns_;
  std::deque<std::string> made_;  ///< texts that no parameter holds
  size_t rows_ = 0, first_size_ = 0;
};

}  // namespace ctk::sink::sql
