// Databases that write a row which may be there already by INSERT … ON CONFLICT.
#pragma once

#include "sink/sql/dialect.h"

namespace ctk::sink::sql {

class ConflictDialect : public Dialect {
 public:
  using Dialect::Dialect;

  std::string upsert(const table::TableSpec& spec, size_t rows) const override;
  std::string upsert_nothing(const table::TableSpec& spec) const override;
  std::string insert_if_absent(const Insert& insert) const override;
  std::string replace(const Insert& insert) const override;
  std::string update_if_same(const Insert& insert, const std::string& changed,
                             std::span<const std::string> same) const override;

 protected:
  /// Appended to an upsert of several rows where traits().stale_rows is `returned`.
  virtual std::string returning() const { return ""; }

 private:
  std::string upsert_of(const table::TableSpec& spec, const std::string& rows) const;
  std::string assignment(const ColumnDef& column, bool keep_content) const;
};

}  // namespace ctk::sink::sql
