// Databases that write a row which may be there already by MERGE: SQL Server, Oracle, Db2, Snowflake.
#include <fmt/format.h>

#include <algorithm>

#include "sink/sql/catalogue_dialect.h"

namespace ctk::sink::sql {
namespace {

using table::ColumnType;
using Role = ColumnDef::Role;

/// What they do not have in common. Data.
struct MergeWords {
  ColumnTypes types;
  std::string_view key_text;               ///< a text of a key, `{}` its length
  std::string_view key_number{};           ///< a number that is none of the texts; empty: there is none
  std::string_view into = "{} t";          ///< the table that is merged into
  std::string_view one_row{};              ///< what a SELECT of parameters alone reads from
  std::string_view end{};                  ///< of a MERGE
  std::string_view time_text;              ///< `{}` the column
  std::string_view first_rows;             ///< `{}` their number
  std::string_view length = "LENGTH({})";  ///< `{}` the column
  std::string_view add_column = "ADD COLUMN ";
  std::string_view drop_view = "DROP VIEW IF EXISTS {}";
  /// Of a `{table}`: its new `{name}`, `{qualified}` with its schema before it; as texts, `{table_text}` and `{name_text}`.
  std::string_view rename = "ALTER TABLE {table} RENAME TO {name}";
  std::string_view number_text{};  ///< a number's digits as a write brings them, `{}` the column; empty: CAST gives them
  std::string_view for_update{};
  size_t only_key, each_key;  ///< bytes of key columns
  bool truths = false;        ///< there are booleans
  bool where = false;         ///< a condition stands behind the assignments: UPDATE SET … WHERE …
  bool casts = false;         ///< a parameter in a SELECT needs a type
  bool compares_long = true;  ///< own_long can be compared
  bool indexes = true;
};

std::string text_literal(std::string_view text) {
  std::string literal = "N'";
  for (const char c : text) literal += c == '\'' ? std::string("''") : std::string(1, c);
  return literal + "'";
}

class MergeDialect final : public CatalogueDialect {
 public:
  MergeDialect(table::Target target, MergeWords words) : CatalogueDialect(target), words_(std::move(words)) {}

  const ColumnTypes& types() const override { return words_.types; }
  std::string time_text(const std::string& column) const override {
    return fmt::format(fmt::runtime(words_.time_text), column);
  }
  std::string length_of(const std::string& column) const override {
    return fmt::format(fmt::runtime(words_.length), column);
  }
  std::string first_rows(size_t rows) const override { return fmt::format(fmt::runtime(words_.first_rows), rows); }
  std::string is_true(const std::string& column) const override {
    return words_.truths ? column : CatalogueDialect::is_true(column);
  }
  std::string is_not_true(const std::string& column) const override {
    return words_.truths ? fmt::format("({} IS NULL OR NOT {})", column, column) : CatalogueDialect::is_not_true(column);
  }
  std::string true_value() const override { return words_.truths ? "TRUE" : "1"; }
  std::string for_update() const override { return std::string(words_.for_update); }
  std::string add_column_words() const override { return std::string(words_.add_column); }

  std::string create_mark_index(const table::TableSpec& spec) const override {
    return words_.indexes ? CatalogueDialect::create_mark_index(spec) : "";
  }
  std::string drop_view_if_there(const table::QualifiedName& name) const override {
    return fmt::format(fmt::runtime(words_.drop_view), quote(name));
  }
  std::string rename_table(const table::QualifiedName& from, const std::string& to) const override {
    return fmt::format(fmt::runtime(words_.rename), fmt::arg("table", quote(from)), fmt::arg("name", quote(to)),
                       fmt::arg("qualified", quote(table::QualifiedName{from.schema, to})),
                       fmt::arg("table_text", text_literal(quote(from))), fmt::arg("name_text", text_literal(to)));
  }

  std::string upsert(const table::TableSpec& spec, size_t) const override {
    const std::string version = quote("cdc_version");
    const std::string newer = fmt::format("(t.{} IS NULL OR s.{} > t.{})", version, version, version);
    std::string set;
    std::vector<std::string> names, keys, given;
    for (const ColumnDef& column : columns(spec)) {
      names.push_back(column.name);
      given.push_back(typed_parameter(column.type));
      if (column.role == Role::key) {
        keys.push_back(column.name);
      } else {
        set += fmt::format("{}{} = {}", set.empty() ? "" : ", ", quote(column.name), new_value(spec, column));
      }
    }
    return merge({quote(spec.name), names, keys, row_of(names, given)}, set, newer);
  }
  /// Of one row that is none.
  std::string upsert_nothing(const table::TableSpec& spec) const override {
    const std::string version = quote("cdc_version");
    return fmt::format("UPDATE {} SET {} = {} WHERE 1 = 0", quote(spec.name), version, version);
  }

  std::string insert_if_absent(const Insert& insert) const override { return merge(with_select(insert), "", ""); }
  std::string replace(const Insert& insert) const override {
    std::string set;
    for (const std::string& column : insert.columns) {
      if (std::ranges::find(insert.key, column) != insert.key.end()) continue;
      set += fmt::format("{}{} = s.{}", set.empty() ? "" : ", ", quote(column), quote(column));
    }
    return merge(with_select(insert), set, "");
  }
  std::string update_if_same(const Insert& insert, const std::string& changed,
                             std::span<const std::string> same) const override {
    std::string alike;
    for (const std::string& column : same) {
      // A long text is looked at behind the write (keep_dead_letters).
      if (column == "change" && !words_.compares_long) continue;
      alike += fmt::format("{}t.{} = s.{}", alike.empty() ? "" : " AND ", quote(column), quote(column));
    }
    return merge(with_select(insert), fmt::format("{} = s.{}", quote(changed), quote(changed)), alike);
  }

 protected:
  /// A collation is the column's, and no part of the type that CAST takes.
  std::string converted(const RetypedKey& changed, const std::string& name) const override {
    const std::string type = changed.wanted.type.substr(0, changed.wanted.type.find(" COLLATE "));
    const bool is_number = changed.key.type == dynamodb::Type::N && !words_.number_text.empty();
    return fmt::format("CAST({} AS {})", is_number ? fmt::format(fmt::runtime(words_.number_text), name) : name, type);
  }
  std::string key_type(ColumnType type, size_t, size_t keys) const override {
    if (type == ColumnType::bigint) return words_.types.integer;
    if (type == ColumnType::numeric && !words_.key_number.empty()) return std::string(words_.key_number);
    return fmt::format(fmt::runtime(words_.key_text), keys == 1 ? words_.only_key : words_.each_key);
  }

 private:
  std::string typed_parameter(const std::string& type) const { return words_.casts ? "CAST(? AS " + type + ")" : "?"; }

  /// "SELECT ? AS "a", ? AS "b" FROM DUAL".
  std::string row_of(std::span<const std::string> names, std::span<const std::string> given) const {
    std::string row;
    for (size_t i = 0; i < names.size(); ++i) {
      row += fmt::format("{}{} AS {}", row.empty() ? "SELECT " : ", ", given[i], quote(names[i]));
    }
    return row + std::string(words_.one_row);
  }

  Insert with_select(const Insert& insert) const {
    if (!insert.rows.starts_with("VALUES")) return insert;
    Insert made = insert;
    std::vector<std::string> given;
    for (const std::string& column : insert.columns) given.push_back(typed_parameter(own_type(column)));
    made.rows = row_of(insert.columns, given);
    return made;
  }

  /// Of a column of our own tables (bookkeeping.cc), for those who cast.
  std::string own_type(std::string_view column) const {
    constexpr std::string_view kIntegers[] = {"epoch", "fence"};
    constexpr std::string_view kTimes[] = {"read_to",    "updated", "cut",   "sweep_watermark",
                                           "sweep_time", "loaded",  "since", "time"};
    constexpr std::string_view kLong[] = {"relays", "names", "keys", "witnesses", "key", "reason", "change"};
    if (std::ranges::find(kIntegers, column) != std::end(kIntegers)) return types().integer;
    if (std::ranges::find(kTimes, column) != std::end(kTimes)) return types().time;
    const bool is_long = std::ranges::find(kLong, column) != std::end(kLong) && !types().own_long.empty();
    return is_long ? types().own_long : types().text;
  }

  std::string new_value(const table::TableSpec& spec, const ColumnDef& column) const {
    std::string given = "s." + quote(column.name);
    const bool content = column.role == Role::data || column.role == Role::aux;
    if (!content || spec.options.deletes != table::Deletes::soft) return given;
    // A mark without an image keeps the last content known.
    return fmt::format("CASE WHEN {} AND s.{} IS NULL THEN t.{} ELSE {} END", is_true("s." + quote("cdc_deleted")),
                       quote("data"), quote(column.name), given);
  }

  /// `set` empty: a row that is there stays. `condition` empty: it changes in every case.
  std::string merge(const Insert& insert, const std::string& set, const std::string& condition) const {
    std::string same, given, matched;
    for (const std::string& column : insert.key) {
      same += fmt::format("{}t.{} = s.{}", same.empty() ? "" : " AND ", quote(column), quote(column));
    }
    for (const std::string& column : insert.columns) given += (given.empty() ? "s." : ", s.") + quote(column);
    if (!set.empty()) {
      const bool guarded = !condition.empty();
      matched = fmt::format(" WHEN MATCHED{} THEN UPDATE SET {}{}", guarded && !words_.where ? " AND " + condition : "",
                            set, guarded && words_.where ? " WHERE " + condition : "");
    }
    return bind(fmt::format("MERGE INTO {} USING ({}) s ON ({}){} WHEN NOT MATCHED THEN INSERT ({}) VALUES ({}){}",
                            fmt::format(fmt::runtime(words_.into), insert.into), insert.rows, same, matched,
                            quote_list(insert.columns), given, words_.end));
  }

  MergeWords words_;
};

}  // namespace

std::unique_ptr<Dialect> make_sqlserver_dialect(table::Target target) {
  // Texts are UTF-8, told apart byte by byte but for blanks at the end.
  constexpr const char* kText = "VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8";
  return std::make_unique<MergeDialect>(
      target, MergeWords{.types = {.text = kText,
                                   .integer = "BIGINT",
                                   .time = "DATETIME2(6)",
                                   .boolean = "BIT",
                                   .data = kText,
                                   .aux = kText,
                                   .bytewise = "",
                                   .own_key = "VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8",
                                   .table_name = "VARCHAR(450) COLLATE Latin1_General_100_CI_AS_SC_UTF8",
                                   .history_version = "VARCHAR(160) COLLATE Latin1_General_100_BIN2_UTF8"},
                         .key_text = "VARCHAR({}) COLLATE Latin1_General_100_BIN2_UTF8",
                         .into = "{} WITH (HOLDLOCK) AS t",
                         .end = ";",
                         .time_text = "CONVERT(VARCHAR(40), {}, 126) + 'Z'",
                         .first_rows = " OFFSET 0 ROWS FETCH NEXT {} ROWS ONLY",
                         .length = "LEN({})",
                         .add_column = "ADD ",
                         .rename = "EXEC sp_rename {table_text}, {name_text}",
                         .only_key = 900,
                         .each_key = 450});
}

std::unique_ptr<Dialect> make_oracle_dialect(table::Target target) {
  return std::make_unique<MergeDialect>(
      target,
      MergeWords{.types = {.text = "VARCHAR2(4000 BYTE)",
                           .integer = "NUMBER(19)",
                           .time = "TIMESTAMP(6)",
                           .boolean = "NUMBER(1)",
                           .data = "CLOB",
                           .aux = "CLOB",
                           .bytewise = "",
                           .own_key = "VARCHAR2(1024 BYTE)",
                           .table_name = "VARCHAR2(255 BYTE)",
                           .history_version = "VARCHAR2(160 BYTE)",
                           .own_long = "CLOB"},
                 .key_text = "VARCHAR2({} BYTE)",
                 .key_number = "NUMBER",
                 .one_row = " FROM DUAL",
                 .time_text = "TO_CHAR({}, 'YYYY-MM-DD\"T\"HH24:MI:SS.FF6\"Z\"')",
                 .first_rows = " FETCH FIRST {} ROWS ONLY",
                 .add_column = "ADD ",
                 .drop_view = "DROP VIEW {}",  // IF EXISTS is version 23's
                 // TO_CHAR leaves out the 0 before a point.
                 .number_text = R"(REGEXP_REPLACE(TO_CHAR({}, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,'''), '^(-?)\.', '\10.'))",
                 .for_update = " FOR UPDATE",
                 .only_key = 4'000,
                 .each_key = 2'048,
                 .where = true,
                 .compares_long = false});
}

std::unique_ptr<Dialect> make_db2_dialect(table::Target target) {
  return std::make_unique<MergeDialect>(
      target, MergeWords{.types = {.text = "VARCHAR(4096)",
                                   .integer = "BIGINT",
                                   .time = "TIMESTAMP(6)",
                                   .boolean = "SMALLINT",
                                   .data = "CLOB(16M)",
                                   .aux = "CLOB(16M)",
                                   .bytewise = "",
                                   .own_key = "VARCHAR(450)",
                                   .table_name = "VARCHAR(255)",
                                   .history_version = "VARCHAR(160)",
                                   .own_long = "CLOB(16M)"},
                         .key_text = "VARCHAR({})",
                         .one_row = " FROM SYSIBM.SYSDUMMY1",
                         .time_text = "REPLACE(VARCHAR_FORMAT({}, 'YYYY-MM-DD HH24:MI:SS.FF6'), ' ', 'T') || 'Z'",
                         .first_rows = " FETCH FIRST {} ROWS ONLY",
                         .rename = "RENAME TABLE {table} TO {name}",
                         .only_key = 1'000,
                         .each_key = 500,
                         .casts = true,
                         .compares_long = false});
}

std::unique_ptr<Dialect> make_snowflake_dialect(table::Target target) {
  return std::make_unique<MergeDialect>(target, MergeWords{.types = {.text = "VARCHAR",
                                                                     .integer = "NUMBER(19, 0)",
                                                                     .time = "TIMESTAMP_NTZ(6)",
                                                                     .boolean = "BOOLEAN",
                                                                     .data = "VARCHAR",
                                                                     .aux = "VARCHAR",
                                                                     .bytewise = "",
                                                                     .own_key = "VARCHAR",
                                                                     .table_name = "VARCHAR"},
                                                           .key_text = "VARCHAR",
                                                           .time_text = "TO_CHAR({}, 'YYYY-MM-DD\"T\"HH24:MI:SS.FF6\"Z\"')",
                                                           .first_rows = " LIMIT {}",
                                                           .rename = "ALTER TABLE {table} RENAME TO {qualified}",
                                                           .only_key = 0,
                                                           .each_key = 0,
                                                           .truths = true,
                                                           .indexes = false});
}

}  // namespace ctk::sink::sql
