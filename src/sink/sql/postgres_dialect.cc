#include "sink/sql/postgres_dialect.h"

#include <fmt/format.h>

#include "sink/sql/conflict_dialect.h"

namespace ctk::sink::sql {
namespace {

using table::ColumnType;

constexpr std::string_view kRelations =
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1::text AND "
    "c.relname = $2::text";

class PostgresDialect final : public ConflictDialect {
 public:
  PostgresDialect(size_t rows_per_insert, table::Target target)
      : ConflictDialect(target), rows_per_insert_(rows_per_insert) {}

  size_t rows_per_insert() const override { return rows_per_insert_; }
  std::string placeholder(size_t n) const override { return "$" + std::to_string(n); }

  // Said each time: the session's default is the role's, or behind a pooler anybody's.
  // Where our own driver speaks, which prepares.
  bool joins_values() const override { return target() == table::Target::postgres; }
  std::string keep_to_indexes() const override {
    return "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), "
           "set_config('enable_mergejoin', 'off', true), set_config('enable_material', 'off', true)";
  }

  std::string begin() const override { return "BEGIN ISOLATION LEVEL READ COMMITTED"; }
  // Whoever is frozen, or whose machine is gone, in the midst of a transaction holds its locks no longer than this, and who
  // waits for them says so. What the role has set stands.
  std::string bound_transaction() const override {
    return "SELECT CASE current_setting('idle_in_transaction_session_timeout') WHEN '0' THEN "
           "set_config('idle_in_transaction_session_timeout', '60s', true) END, "
           "CASE current_setting('lock_timeout') WHEN '0' THEN set_config('lock_timeout', '20s', true) END";
  }
  std::string check_constraints_at_once() const override { return "SET CONSTRAINTS ALL IMMEDIATE"; }
  std::string for_update() const override { return " FOR UPDATE"; }
  std::string for_share() const override { return " FOR SHARE"; }
  std::string lock_name() const override { return "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))"; }
  std::string bytewise(const std::string& column) const override { return column + " COLLATE \"C\""; }

  const ColumnTypes& types() const override {
    static const ColumnTypes kTypes = {.text = "text",
                                       .integer = "bigint",
                                       .time = "timestamp with time zone",
                                       .boolean = "boolean",
                                       .data = "jsonb",
                                       .aux = "json",
                                       .bytewise = " COLLATE \"C\"",
                                       .own_key = "text COLLATE \"C\"",
                                       .table_name = "text COLLATE \"C\""};
    return kTypes;
  }
  std::string time_text(const std::string& column) const override {
    return "to_char(" + column + R"( AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))";
  }
  std::string create_mark_index(const table::TableSpec& spec) const override {
    // It lies beside its table, whatever its name says.
    return fmt::format("CREATE INDEX IF NOT EXISTS {0} ON {1} ({2}) WHERE {2}", quote(mark_index_name(spec).table),
                       quote(spec.name), quote("cdc_deleted"));
  }

  /// A list of values is looked up in the index one by one; a list of tuples is an OR of as many conditions, which costs
  /// twice as much. The first values tell all their types.
  std::string key_in(const table::TableSpec& spec, size_t rows) const override {
    if (spec.keys.size() == 1) return ConflictDialect::key_in(spec, rows);
    std::string first;
    for (const table::KeyColumn& key : spec.keys) {
      first += fmt::format("{}?::{}", first.empty() ? "" : ", ", key_type(key.column_type, 0, spec.keys.size()));
    }
    const std::string rest = rows > 1 ? ", " + tuples(spec.keys.size(), rows - 1) : "";
    return fmt::format("({}) IN (VALUES ({}){})", key_list(spec), first, rest);
  }

  std::string hex_of(const std::string& column) const override { return "encode(" + column + ", 'hex')"; }
  std::string row_id() const override { return "ctid::text"; }
  std::string row_in(const std::string& /*id*/) const override { return "ctid = ANY (?::text::tid[])"; }
  std::string row_not_in(const std::string& /*id*/) const override { return "ctid <> ALL (?::text::tid[])"; }
  std::string row_id_list(std::span<const std::string> ids) const override {
    std::string list = "{";
    for (const std::string& id : ids) list += (list.size() > 1 ? ",\"" : "\"") + id + "\"";
    return list + "}";
  }

  std::string create_schema(const std::string& schema) const override {
    return "CREATE SCHEMA IF NOT EXISTS " + quote(schema);
  }
  std::string find_schema() const override { return "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1::text"; }
  std::string describe_relation() const override {
    return "SELECT CASE c.relkind WHEN 'r' THEN 'a table' WHEN 'p' THEN 'a table' WHEN 'v' THEN 'a view' "
           "WHEN 'm' THEN 'a materialized view' WHEN 'f' THEN 'a foreign table' WHEN 'S' THEN 'a sequence' "
           "WHEN 'c' THEN 'a type' ELSE 'an index' END, "
           "CASE WHEN c.relkind = 'v' THEN pg_catalog.pg_get_viewdef(c.oid) END, shown.schema, shown.name "
           "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN LATERAL ("
           "SELECT min(bn.nspname::text) AS schema, min(b.relname::text) AS name FROM pg_catalog.pg_rewrite w "
           "JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid "
           "AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> c.oid "
           "JOIN pg_catalog.pg_class b ON b.oid = d.refobjid JOIN pg_catalog.pg_namespace bn ON bn.oid = b.relnamespace "
           "WHERE w.ev_class = c.oid HAVING count(DISTINCT b.oid) = 1) shown ON c.relkind = 'v' "
           "WHERE n.nspname = $1::text AND c.relname = $2::text "
           "UNION ALL SELECT 'a type', NULL, NULL, NULL FROM pg_catalog.pg_type t "
           "JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace "
           "WHERE n.nspname = $1::text AND t.typname = $2::text AND t.typrelid = 0 AND t.typcategory <> 'A'";
  }
  std::string describe_columns() const override {
    return "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, "
           "a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '' "
           "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
           "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
           "WHERE n.nspname = $1::text AND c.relname = $2::text AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT "
           "a.attisdropped "
           "ORDER BY a.attnum";
  }
  std::string describe_keys() const override {
    return "SELECT i.indexrelid::text, a.attname::text, l.collname::text FROM pg_catalog.pg_index i "
           "JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
           "CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indcollation::oid[]) WITH ORDINALITY k(attnum, sorts, "
           "place) "
           "JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
           "LEFT JOIN pg_catalog.pg_collation l ON l.oid = k.sorts AND NOT l.collisdeterministic "
           "WHERE n.nspname = $1::text AND c.relname = $2::text AND i.indisunique AND i.indisvalid AND i.indimmediate "
           "AND i.indpred IS NULL AND i.indexprs IS NULL AND k.place <= i.indnkeyatts "
           "ORDER BY i.indisprimary DESC, i.indexrelid, k.place";
  }
  std::string missing_rights() const override {
    // A right on some columns may be enough; what it is not enough for, the first write shows.
    return "SELECT c.relname::text, r.name, current_user::text FROM pg_catalog.pg_class c "
           "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
           "CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) r(name) "
           "WHERE n.nspname = $1::text AND c.relkind IN ('r', 'p', 'f') "
           "AND c.relname IN ($2::text, 'ctk_tables', 'ctk_positions', 'ctk_dead_letters') "
           "AND NOT has_table_privilege(c.oid, r.name) "
           "AND CASE r.name WHEN 'DELETE' THEN true ELSE NOT has_any_column_privilege(c.oid, r.name) END "
           "ORDER BY 1, 2";
  }
  std::string missing_rights_to_make() const override {
    return "WITH s AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1::text) "
           "SELECT 'DATABASE ' || quote_ident(current_database()), 'CREATE', quote_ident(current_user), 'use' "
           "WHERE NOT EXISTS (SELECT 1 FROM s) AND NOT has_database_privilege(current_database(), 'CREATE') UNION ALL "
           "SELECT 'SCHEMA ' || quote_ident($1::text), r.name, quote_ident(current_user), r.needs "
           "FROM s CROSS JOIN (VALUES ('USAGE', 'use'), ('CREATE', 'tables view')) r(name, needs) "
           "WHERE NOT has_schema_privilege(s.oid, r.name) AND $2::text IS NOT NULL AND $3::text IS NOT NULL";
  }
  std::string owner_to_alter() const override {
    return "SELECT quote_ident(pg_catalog.pg_get_userbyid(c.relowner)), quote_ident(current_user) "
           "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
           "WHERE n.nspname = $1::text AND c.relname = $2::text AND NOT pg_has_role(c.relowner, 'USAGE')";
  }
  std::string version() const override {
    return "SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)";
  }
  std::string read_only() const override {
    return "SELECT 'the server is a standby', 'name the primary' WHERE pg_is_in_recovery() UNION ALL "
           "SELECT 'default_transaction_read_only is on for the user ' || current_user, 'ALTER ROLE ' || "
           "quote_ident(current_user) || ' SET default_transaction_read_only = off' "
           "WHERE NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'on'";
  }
  std::string may_suppress_rows() const override {
    return "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
           "WHERE n.nspname = $1::text AND c.relname = $2::text AND (c.relhassubclass OR EXISTS ("
           "SELECT 1 FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) OR EXISTS ("
           "SELECT 1 FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid))";
  }
  std::string hides_rows() const override {
    return "SELECT current_user::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
           "WHERE n.nspname = $1::text AND c.relname = $2::text AND pg_catalog.row_security_active(c.oid)";
  }
  std::string table_size() const override {
    return "SELECT pg_catalog.pg_total_relation_size(c.oid)" + std::string(kRelations);
  }

  /// A view holds on to the types of what it shows.
  std::vector<std::string> retype_keys(const table::TableSpec& spec, std::span<const RetypedKey> changed) const override {
    std::vector<std::string> sql;
    if (spec.options.live_view) sql.push_back("DROP VIEW IF EXISTS " + quote(view_name(spec)));
    std::string actions;
    for (const RetypedKey& each : changed) {
      const std::string name = quote(each.wanted.name);
      const bool collates = each.wanted.type == types().text;
      actions += fmt::format("{}ALTER COLUMN {} TYPE {}{} USING {}", actions.empty() ? "" : ", ", name, each.wanted.type,
                             collates ? types().bytewise : "", converted(each, name));
    }
    sql.push_back(fmt::format("ALTER TABLE {} {}", quote(spec.name), actions));
    if (spec.options.live_view) sql.push_back(create_view(spec));
    return sql;
  }

  bool fits(const ColumnDef& wanted, const FoundColumn& found) const override {
    using Role = ColumnDef::Role;
    if (found.type == wanted.type) return true;
    bool json = found.type == "json" || found.type == "jsonb" || found.type == "text";
    if (wanted.role == Role::data) return json;
    if (wanted.role == Role::aux) return json && found.type != "jsonb";  // aux holds what jsonb refuses
    return wanted.type == "text" && found.type == "character varying";
  }

 protected:
  std::string key_type(ColumnType type, size_t /*place*/, size_t /*keys*/) const override {
    switch (type) {
      case ColumnType::text:
      case ColumnType::untyped: return "text";
      case ColumnType::bigint: return "bigint";
      case ColumnType::double_precision: return "double precision";
      case ColumnType::boolean: return "boolean";
      case ColumnType::numeric: return "numeric";
      case ColumnType::binary: return "bytea";
    }
    return "text";
  }
  std::string converted(const RetypedKey& changed, const std::string& name) const override {
    const bool to_text = changed.wanted.type == types().text;
    if (to_text && changed.key.type == dynamodb::Type::N) return "trim_scale(" + name + "::numeric)::text";
    if (to_text && changed.key.type == dynamodb::Type::B) return "translate(encode(" + name + ", 'base64'), E'\\n', '')";
    if (changed.wanted.type == "bytea") return "decode(" + name + ", 'base64')";
    return name + "::" + changed.wanted.type;
  }
  std::string returning() const override { return rows_per_insert_ > 1 ? " RETURNING t." + quote("cdc_version") : ""; }

 private:
  size_t rows_per_insert_;
};

}  // namespace

std::unique_ptr<Dialect> make_postgres_dialect(size_t rows_per_insert, table::Target target) {
  return std::make_unique<PostgresDialect>(rows_per_insert, target);
}

}  // namespace ctk::sink::sql
