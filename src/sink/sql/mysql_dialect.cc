#include "sink/sql/mysql_dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace ctk::sink::sql {
namespace {

using table::ColumnType;

constexpr const char* kText = "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
// 3,072 bytes are all that InnoDB's index has (table/mysql_target.cc).
constexpr const char* kOnlyKey = "VARBINARY(3072)";
constexpr const char* kFirstKey = "VARBINARY(2048)";
constexpr const char* kSecondKey = "VARBINARY(1024)";
// Twice what versions have today. With it an index does not hold two whole keys any more, but their beginnings.
constexpr const char* kHistoryVersion = "VARBINARY(160)";
struct IndexedBeginning {
  std::string_view type;
  size_t bytes;
};
constexpr IndexedBeginning kBeginnings[] = {{kOnlyKey, 2900}, {kFirstKey, 1900}, {kSecondKey, 1000}};

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> beginnings) {
  return std::ranges::any_of(beginnings, [&](std::string_view each) { return text.starts_with(each); });
}

class MysqlDialect final : public Dialect {
 public:
  MysqlDialect(table::Target target, size_t rows_per_insert, std::shared_ptr<const MysqlManners> manners)
      : Dialect(target),
        mysql_(target->product == table::Target::mysql->product),
        notes_(target == table::Target::mariadb && rows_per_insert > 1),
        looks_(target == table::Target::mysql && rows_per_insert > 1),
        rows_per_insert_(rows_per_insert),
        manners_(std::move(manners)) {}

  size_t rows_per_insert() const override { return rows_per_insert_; }
  // Where our own driver speaks: others may have another session, or no arrays. Not for people who read the SQL.
  bool binds_arrays() const override { return notes_; }
  bool joins_keys() const override { return notes_; }
  // The longest keys make half a megabyte of text.
  size_t keys_per_look() const override { return looks_ ? 64 : 1; }
  std::string cast_type(const std::string& declared) const override {
    if (declared.starts_with("VARBINARY")) return "BINARY";  // with a length, zero bytes would fill it up
    return declared == "BIGINT" || declared == "BOOLEAN" ? "SIGNED" : declared;
  }
  std::string placeholder(size_t) const override { return "?"; }
  std::string bytewise(const std::string& column) const override { return "CAST(" + column + " AS BINARY)"; }

  const ColumnTypes& types() const override {
    static const ColumnTypes kMariadb = {.text = kText,
                                         .integer = "BIGINT",
                                         .time = "DATETIME(6)",
                                         .boolean = "BOOLEAN",
                                         .data = kText,
                                         .aux = kText,
                                         .bytewise = "",
                                         .own_key = "VARBINARY(1024)",
                                         .table_name = "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
                                         .history_version = kHistoryVersion};
    static const ColumnTypes kMysql = [] {
      ColumnTypes types = kMariadb;
      types.data = types.aux = "JSON";
      return types;
    }();
    return mysql_ ? kMysql : kMariadb;
  }
  std::string time_text(const std::string& column) const override {
    return "DATE_FORMAT(" + column + ", '%Y-%m-%dT%H:%i:%s.%fZ')";
  }

  std::string begin() const override { return "START TRANSACTION"; }
  std::string for_update() const override { return " FOR UPDATE"; }
  std::string for_share() const override { return " LOCK IN SHARE MODE"; }
  // A lock of the session, since DDL ends transactions. Its name may have 64 characters.
  std::string lock_name() const override { return "SELECT GET_LOCK(CONCAT('ctk ', SHA2(?, 224)), 20)"; }
  std::string release_names() const override { return "SELECT RELEASE_ALL_LOCKS()"; }

  std::string create_mark_index(const table::TableSpec& spec) const override {
    // There are no indexes of some rows.
    return fmt::format("CREATE INDEX {} ON {} ({})", quote(mark_index_name(spec).table), quote(spec.name),
                       quote("cdc_deleted"));
  }

  std::string upsert(const table::TableSpec& spec, size_t rows) const override {
    std::string values;
    for (size_t i = 0; i < rows; ++i) values += (i == 0 ? "" : ", ") + counted_row(spec);
    return bind(fmt::format("INSERT INTO {} ({}) VALUES {}{} ON DUPLICATE KEY UPDATE {}", quote(spec.name),
                            all_columns(spec), values, names_rows() ? " AS `new`" : "", assignments(spec)));
  }
  std::string begin_noting() const override { return notes_ ? "SET @ctk_row = 0, @ctk_newer = 0, @ctk_stale = ''" : ""; }
  std::string noted_rows() const override { return notes_ ? "SELECT @ctk_stale" : ""; }
  std::string upsert_nothing(const table::TableSpec& spec) const override {
    std::string nulls;
    for (size_t i = 0; i < columns(spec).size(); ++i) nulls += i == 0 ? "NULL" : ", NULL";
    return fmt::format("INSERT INTO {0} ({1}) SELECT {2} FROM DUAL WHERE FALSE ON DUPLICATE KEY UPDATE {3} = {0}.{3}",
                       quote(spec.name), all_columns(spec), nulls, quote("data"));
  }
  bool upserts_by_any_key() const override { return true; }
  KeyRange key_range() const override { return KeyRange::written_out; }

  // VALUES() is what MySQL would rather not have any more; it has no other name for a row that a SELECT brings.
  std::string insert_if_absent(const Insert& insert) const override {
    return bind(fmt::format("INSERT INTO {0} ({1}) {2} ON DUPLICATE KEY UPDATE {3} = VALUES({3})", insert.into,
                            quote_list(insert.columns), insert.rows, quote(insert.key.front())));
  }
  std::string replace(const Insert& insert) const override {
    std::string set;
    for (const std::string& column : insert.columns) {
      if (std::ranges::find(insert.key, column) != insert.key.end()) continue;
      set += fmt::format("{0}{1} = VALUES({1})", set.empty() ? "" : ", ", quote(column));
    }
    return bind(fmt::format("INSERT INTO {} ({}) {} ON DUPLICATE KEY UPDATE {}", insert.into, quote_list(insert.columns),
                            insert.rows, set));
  }
  /// An upsert has no condition here: the row that is not to be is not brought.
  std::string update_if_same(const Insert& insert, const std::string& changed,
                             std::span<const std::string> same) const override {
    std::string brought, key, alike;
    for (const std::string& column : insert.columns) {
      brought += fmt::format("{}? AS {}", brought.empty() ? "" : ", ", quote(column));
    }
    const auto equal = [&](const std::string& column) { return fmt::format("t.{0} = `new`.{0}", quote(column)); };
    for (const std::string& column : insert.key) key += (key.empty() ? "" : " AND ") + equal(column);
    for (const std::string& column : same) alike += (alike.empty() ? "" : " AND ") + equal(column);
    return bind(
        fmt::format("INSERT INTO {0} ({1}) SELECT * FROM (SELECT {2}) AS `new` WHERE NOT EXISTS (SELECT 1 FROM {0} "
                    "AS t WHERE {3} AND NOT ({4})) ON DUPLICATE KEY UPDATE {5} = VALUES({5})",
                    insert.into, quote_list(insert.columns), brought, key, alike, quote(changed)));
  }

  std::string create_schema(const std::string& schema) const override {
    return "CREATE DATABASE IF NOT EXISTS " + quote(schema) + " CHARACTER SET utf8mb4";
  }
  std::string find_schema() const override { return "SELECT 1 FROM information_schema.schemata WHERE schema_name = ?"; }
  // Of each of its tables the catalogue is told what is looked for: by a join alone MariaDB would open every table of every
  // database for it.
  size_t times_named() const override { return 2; }
  std::string describe_relation() const override {
    // A table that takes no part in transactions is none of use.
    return "SELECT CASE WHEN t.table_type = 'VIEW' THEN 'a view' WHEN t.table_type = 'SEQUENCE' THEN 'a sequence' WHEN "
           "t.engine IN ('InnoDB', 'ndbcluster', 'ROCKSDB') THEN 'a table' ELSE CONCAT('a table of the engine ', "
           "COALESCE(t.engine, 'none')) END, (SELECT v.view_definition FROM information_schema.views v "
           "WHERE v.table_schema = ? AND v.table_name = ?), NULL, NULL FROM information_schema.tables t "
           "WHERE t.table_schema = ? AND t.table_name = ?";
  }
  std::string describe_columns() const override {
    return "SELECT c.column_name, c.column_type, c.is_nullable = 'NO', c.column_default IS NOT NULL OR c.extra LIKE "
           "'%auto_increment%' OR c.extra LIKE '%GENERATED%' FROM information_schema.columns c "
           "JOIN information_schema.tables t ON t.table_schema = ? AND t.table_name = ? AND t.table_type <> 'VIEW' "
           "WHERE c.table_schema = ? AND c.table_name = ? ORDER BY c.ordinal_position";
  }
  std::string describe_keys() const override {
    // Blanks at the end count where a collation does not pad.
    return "SELECT s.index_name, s.column_name, CASE WHEN s.sub_part IS NOT NULL THEN 'of a prefix' WHEN "
           "c.collation_name IN ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin') THEN NULL ELSE c.collation_name END "
           "FROM information_schema.statistics s JOIN information_schema.columns c ON c.table_schema = ? "
           "AND c.table_name = ? AND c.column_name = s.column_name "
           "WHERE s.table_schema = ? AND s.table_name = ? AND s.non_unique = 0 "
           "ORDER BY s.index_name <> 'PRIMARY', s.index_name, s.seq_in_index";
  }
  std::string missing_rights_to_make() const override {
    // Who has a role may have more than these tables say, and so is taken for able. What rows take is asked for on the
    // database, unless the user has it on each of the tables.
    return "SELECT CONCAT('`', REPLACE(w.db, '`', '``'), '`.*'), r.name, u.grantee, r.needs "
           "FROM (SELECT ? AS db, ? AS tab, ? AS live) w "
           R"(CROSS JOIN (SELECT CONCAT("'", REPLACE(CURRENT_USER(), '@', "'@'"), "'") AS grantee) u )"
           "CROSS JOIN (SELECT 'SELECT' AS name, 'use' AS needs UNION ALL SELECT 'INSERT', 'use' UNION ALL "
           "SELECT 'UPDATE', 'use' UNION ALL SELECT 'DELETE', 'use' UNION ALL SELECT 'CREATE', 'tables' UNION ALL "
           "SELECT 'CREATE VIEW', 'view' UNION ALL SELECT 'INDEX', 'tables columns' UNION ALL SELECT 'ALTER', 'columns') r "
           "WHERE COALESCE(CURRENT_ROLE(), 'NONE') = 'NONE' "
           "AND NOT EXISTS (SELECT 1 FROM information_schema.user_privileges p WHERE p.grantee = u.grantee AND "
           "p.privilege_type = r.name) "
           "AND NOT EXISTS (SELECT 1 FROM information_schema.schema_privileges p WHERE p.grantee = u.grantee AND "
           "p.privilege_type = r.name AND w.db LIKE p.table_schema) "
           "AND (SELECT COUNT(*) FROM information_schema.table_privileges p WHERE p.grantee = u.grantee AND "
           "p.privilege_type = r.name AND p.table_schema = w.db AND CASE r.name WHEN 'CREATE VIEW' THEN p.table_name = "
           "w.live "
           "WHEN 'ALTER' THEN p.table_name = w.tab WHEN 'INDEX' THEN p.table_name = w.tab "
           "ELSE p.table_name IN (w.tab, 'ctk_tables', 'ctk_positions', 'ctk_dead_letters') END) "
           "< CASE WHEN r.name IN ('CREATE VIEW', 'ALTER', 'INDEX') THEN 1 ELSE 4 END";
  }
  std::string version() const override {
    return "SELECT CONCAT(IF(VERSION() LIKE '%MariaDB%', 'MariaDB ', 'MySQL '), SUBSTRING_INDEX(VERSION(), '-', 1))";
  }
  std::string read_only() const override {
    // Some may write all the same, but for MySQL's super_read_only. Both end where read_only does.
    const std::string read_only =
        "@@global.read_only AND NOT EXISTS (SELECT 1 FROM information_schema.user_privileges p WHERE p.grantee = "
        R"(CONCAT("'", REPLACE(CURRENT_USER(), '@', "'@'"), "'") )"
        "AND p.privilege_type IN ('SUPER', 'READ ONLY ADMIN', 'READ_ONLY ADMIN', 'CONNECTION_ADMIN'))";
    return fmt::format(
        "SELECT {}, 'SET GLOBAL read_only = OFF, or name the primary' FROM DUAL WHERE {}{}",
        mysql_ ? "IF(@@global.super_read_only, 'super_read_only is on', 'read_only is on')" : "'read_only is on'",
        mysql_ ? "@@global.super_read_only OR " : "", read_only);
  }
  std::string table_size() const override {
    return "SELECT data_length + index_length FROM information_schema.tables WHERE table_schema = ? AND table_name = ?";
  }

  bool fits(const ColumnDef& wanted, const FoundColumn& found) const override {
    using Role = ColumnDef::Role;
    const std::string type = ascii_lower(found.type);
    const bool text = begins_with_any(type, {"longtext", "mediumtext", "text", "varchar(", "json"});
    switch (wanted.role) {
      case Role::key: return fits_key(ascii_lower(wanted.type), type);
      case Role::data:
      case Role::aux: return type == "json" ? mysql_ : text;
      case Role::version: return text && type != "json";
      case Role::deleted: return type.starts_with("tinyint");
      case Role::time: return begins_with_any(type, {"datetime", "timestamp"});
    }
    return false;
  }

  /// A column that changes its type keeps its decimals: DECIMAL(65,30) becomes text with thirty of them.
  std::vector<std::string> retype_keys(const table::TableSpec& spec, std::span<const RetypedKey> changed) const override {
    std::string actions, digits;
    for (const RetypedKey& each : changed) {
      const std::string name = quote(each.wanted.name);
      actions += fmt::format("{}MODIFY {} {}{}", actions.empty() ? "" : ", ", name, each.wanted.type, each.wanted.suffix);
      if (each.key.column_type != ColumnType::text || each.key.type != dynamodb::Type::N) continue;
      digits += fmt::format("{}{} = IF(INSTR({}, '.') > 0, TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM {})), {})",
                            digits.empty() ? "" : ", ", name, name, name, name);
    }
    std::vector<std::string> sql = {fmt::format("ALTER TABLE {} {}", quote(spec.name), actions)};
    if (!digits.empty()) sql.push_back(fmt::format("UPDATE {} SET {}", quote(spec.name), digits));
    return sql;
  }

 protected:
  std::string key_type(ColumnType type, size_t place, size_t keys) const override {
    switch (type) {
      case ColumnType::bigint: return "BIGINT";
      case ColumnType::double_precision: return "DOUBLE";
      case ColumnType::boolean: return "BOOLEAN";
      case ColumnType::numeric: return "DECIMAL(65,30)";
      // Texts, too: collations make one key of two, the binary ones by blanks at the end, and count 4 bytes a character.
      case ColumnType::text:
      case ColumnType::untyped:
      case ColumnType::binary: return keys == 1 ? kOnlyKey : place == 0 ? kFirstKey : kSecondKey;
    }
    return kSecondKey;
  }

  std::string history_index(const table::TableSpec& spec) const override {
    const std::vector<ColumnDef> all = history_columns(spec);
    const std::span<const ColumnDef> keys(all.begin(), spec.keys.size());
    const auto is = [](std::string_view type) { return [type](const ColumnDef& column) { return column.type == type; }; };
    const bool whole = std::ranges::none_of(keys, is(kOnlyKey)) &&
                       !(std::ranges::any_of(keys, is(kFirstKey)) && std::ranges::any_of(keys, is(kSecondKey)));
    if (whole) return Dialect::history_index(spec);
    // A key of their beginnings is no primary one, which Galera and MySQL's groups want, and servers may.
    std::string parts;
    for (const ColumnDef& key : keys) {
      const auto* beginning = std::ranges::find(kBeginnings, key.type, &IndexedBeginning::type);
      parts += quote(key.name);
      if (beginning != std::end(kBeginnings)) parts += fmt::format("({})", beginning->bytes);
      parts += ", ";
    }
    return fmt::format("{} BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,\n  KEY ({}{})", quote("cdc_row"), parts,
                       quote("cdc_version"));
  }

 private:
  static bool fits_key(std::string_view wanted, std::string_view found) {
    if (wanted.starts_with("varbinary")) return begins_with_any(found, {"varbinary(", "varchar("});
    // MySQL shows no width of whole numbers, MariaDB does.
    if (wanted == "bigint") return found == "bigint" || (found.starts_with("bigint(") && found.ends_with(')'));
    return found == wanted;
  }

  bool names_rows() const { return mysql_ && (!manners_ || manners_->names_rows); }

  std::string all_columns(const table::TableSpec& spec) const {
    std::vector<std::string> names;
    for (const ColumnDef& column : columns(spec)) names.push_back(column.name);
    return quote_list(names);
  }

  /// A row of parameters; where stale ones are noted, it counts itself while it is read.
  std::string counted_row(const table::TableSpec& spec) const {
    std::string row;
    for (const ColumnDef& column : columns(spec)) {
      const bool counts = notes_ && column.role == ColumnDef::Role::deleted;
      row += row.empty() ? "(" : ", ";
      row += counts ? "IF((@ctk_row := @ctk_row + 1) < 0, NULL, ?)" : "?";
    }
    return row + ")";
  }

  /// The version comes last: each assignment sees what those before it have set.
  std::string assignments(const table::TableSpec& spec) const {
    const std::string table = quote(spec.name) + ".";
    const auto old = [&](const std::string& name) { return (mysql_ ? table : "") + quote(name); };
    const bool named = names_rows();
    const auto brought = [&](const std::string& name) {
      return named ? "`new`." + quote(name) : "VALUES(" + quote(name) + ")";
    };
    const std::string version = "cdc_version";
    const std::string newer =
        fmt::format("{0} IS NULL OR {1} > {2}", old(version), bytewise(brought(version)), bytewise(old(version)));
    std::string set, condition = notes_ ? fmt::format("(@ctk_newer := ({}))", newer) : newer;
    const auto assign = [&](const ColumnDef& column) {
      std::string value = brought(column.name);
      const bool content = column.role == ColumnDef::Role::data || column.role == ColumnDef::Role::aux;
      if (content && spec.options.deletes == table::Deletes::soft) {
        // A mark without an image keeps the last content known.
        value =
            fmt::format("IF({} AND {} IS NULL, {}, {})", brought("cdc_deleted"), brought("data"), old(column.name), value);
      }
      std::string kept = old(column.name);
      if (notes_ && column.role == ColumnDef::Role::version) {
        kept = fmt::format("IF((@ctk_stale := CONCAT(@ctk_stale, @ctk_row, ' ')) IS NULL, {0}, {0})", kept);
      }
      set += fmt::format("{}{} = IF({}, {}, {})", set.empty() ? "" : ", ", quote(column.name), condition, value, kept);
      if (notes_) condition = "@ctk_newer";  // one comparison a row
    };
    std::vector<ColumnDef> all = columns(spec);
    for (const ColumnDef& column : all) {
      if (column.role != ColumnDef::Role::key && column.role != ColumnDef::Role::version) assign(column);
    }
    assign(*std::ranges::find(all, ColumnDef::Role::version, &ColumnDef::role));
    return set;
  }

  bool mysql_;
  bool notes_;  ///< stale rows
  bool looks_;  ///< for them, by our own driver
  size_t rows_per_insert_;
  std::shared_ptr<const MysqlManners> manners_;
};

}  // namespace

std::unique_ptr<Dialect> make_mysql_dialect(table::Target target, size_t rows_per_insert,
                                            std::shared_ptr<const MysqlManners> manners) {
  return std::make_unique<MysqlDialect>(target, rows_per_insert, std::move(manners));
}

}  // namespace ctk::sink::sql
