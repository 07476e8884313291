// Parameters in the form that libpq takes them.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "sink/sql/statement.h"

namespace ctk::sink::sql {

/// The arrays of one execution. They view the params' texts; kept between executions for their memory.
class PostgresParams {
 public:
  void set(std::span<const Param> params);

  int count() const { return static_cast<int>(values_.size()); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  void set_one(size_t place, const Param& param);

  std::vector<const char*> values_;
  std::vector<int> lengths_, formats_;
  std::vector<std::array<char, 32>> scratch_;
};

}  // namespace ctk::sink::sql
