#include "cli/target_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "cli/numbers.h"
#include "cli/suggest.h"
#include "sink/sql/sql_targets.h"
#include "table/odbc_target.h"

namespace ctk::cli {

bool means_something(TargetSet set, table::Target target) {
  switch (set) {
    case TargetSet::all: return true;
    case TargetSet::cratedb: return target == table::Target::cratedb;
    case TargetSet::mysql: return target == table::Target::mysql || target == table::Target::mariadb;
    case TargetSet::sql_servers: return target->is_server;
    case TargetSet::databases: return target->holds_own_tables;
    case TargetSet::odbc: return table::odbc_kind(target).has_value();
    case TargetSet::ndjson: return target == table::Target::ndjson;
  }
  return false;
}

namespace {

using table::Target;

struct Scheme {
  std::string_view name;
  Target target;
  std::optional<bool> tls{};  ///< what it says of TLS by itself
};

constexpr auto kSchemes = std::to_array<Scheme>({
    {"crate", Target::cratedb},
    {"cratedb", Target::cratedb},
    {"crate+http", Target::cratedb, false},
    {"cratedb+http", Target::cratedb, false},
    {"http", Target::cratedb, false},
    {"crate+https", Target::cratedb, true},
    {"cratedb+https", Target::cratedb, true},
    {"https", Target::cratedb, true},
    {"postgresql", Target::postgres},
    {"postgres", Target::postgres},
    {"sqlite", Target::sqlite},
    {"ndjson", Target::ndjson},
    {"mysql", Target::mysql},
    {"mariadb", Target::mariadb},
    {"odbc", Target::sqlite},  // what it is, is asked
});

bool is_odbc(const net::Url& url) { return url.scheme == "odbc"; }
bool is_mysql(Target target) { return target == Target::mysql || target == Target::mariadb; }

const Scheme* find_scheme(std::string_view name) {
  const auto found = std::ranges::find(kSchemes, name, &Scheme::name);
  return found == kSchemes.end() ? nullptr : &*found;
}

std::string_view set_name(TargetSet set) {
  switch (set) {
    case TargetSet::all: return "every target";
    case TargetSet::cratedb: return "CrateDB";
    case TargetSet::mysql: return "mysql: and mariadb:";
    case TargetSet::sql_servers: return "CrateDB, PostgreSQL, MySQL, MariaDB and ODBC";
    case TargetSet::databases: return "databases";
    case TargetSet::odbc: return "odbc:";
    case TargetSet::ndjson: return "ndjson";
  }
  return "";
}

/// Whether the user wrote this option, by this name of it.
bool is_given(const OptionInfo& info, const OptionValues& options) {
  if (info.is_family()) return !options.family(info.name).empty();
  if (info.stands_for.empty()) return options.has(info.name);
  const std::string spelled = options.spelled(info.stands_for);
  return spelled == fmt::format("--{}", info.name) || spelled.starts_with(fmt::format("{} in ", info.name));
}

/// An option that means nothing to this kind of target would be a silent loss of what the user wants.
Status check_applicable(Target target, const OptionValues& options) {
  for (const OptionInfo& info : all_options()) {
    if (info.scope != OptionScope::target || means_something(info.targets, target)) continue;
    if (!is_given(info, options)) continue;
    const std::string name = info.is_family()          ? std::string(info.name) + options.family(info.name).begin()->first
                             : info.stands_for.empty() ? std::string(info.name)
                                                       : std::string(info.stands_for);
    return usage(fmt::format("option {} is for {}, found a target of kind {}", options.spelled(name),
                             set_name(info.targets), target->product));
  }
  return {};
}

/// `/schema/table` of a CrateDB URL.
Status read_crate_path(const std::string& path, sink::TargetOptions& target) {
  std::string_view rest = path;
  while (rest.starts_with('/')) rest.remove_prefix(1);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty()) return {};
  const size_t slash = rest.find('/');
  target.schema = rest.substr(0, slash);
  if (slash == std::string_view::npos) return {};
  const std::string_view table = rest.substr(slash + 1);
  if (table.empty() || table.find('/') != std::string_view::npos) {
    return usage(fmt::format("the target's URL has the path \"{}\": expected /schema/table", path));
  }
  target.table = table;
  return {};
}

/// A URL whose path names one thing and whose options another is not understood: rows would go where the user does not
/// look.
Status differs_from_path(const OptionValues& options, std::string_view option, std::string_view in_path,
                         std::string_view found) {
  const std::string spelled = options.spelled(option);
  const bool is_flag = spelled.starts_with("--");
  if (is_flag || in_path.empty() || found.empty() || in_path == found) return {};
  return usage(fmt::format("option {} names \"{}\", and the path of that URL \"{}\"", spelled, found, in_path),
               "name it once; a flag wins over the URL");
}

/// PostgreSQL cuts a longer name without an error: two of them could be one table, and none is found by its own name.
Status check_length(Target target, std::string_view table) {
  if (target != Target::postgres || table.size() <= target->columns.limit) return {};
  return usage(fmt::format("the table's name \"{}\" has {} bytes, and {} cuts names at {}", table, table.size(),
                           target->product, target->columns.limit),
               "name it as it is, or is to be, in the database");
}

/// `schema=` and `table=`: as flags they win over the URL's path, in the URL they must not contradict it.
Status read_names(const OptionValues& options, sink::TargetOptions& target) {
  const std::string path_schema = target.schema, path_table = target.table.value_or("");
  const bool schemas = target.kind->is_server;
  if (auto schema = options.text("schema")) target.schema = *schema;
  if (const auto text = options.text("table")) {
    const auto name = parse_table_name(*text, schemas);
    if (!name) {
      return usage(fmt::format("option {}: {}", options.spelled("table"), name.error().message), name.error().hint);
    }
    if (!name->schema.empty() && options.has("schema") && options.text("schema") != name->schema) {
      return usage(fmt::format("option {} names the schema \"{}\", and option {} names \"{}\"", options.spelled("table"),
                               name->schema, options.spelled("schema"), *options.text("schema")));
    }
    Status agrees = differs_from_path(options, "table", path_table, name->table);
    if (agrees) agrees = differs_from_path(options, "table", path_schema, name->schema);
    if (!agrees) return agrees;
    if (!name->schema.empty()) target.schema = name->schema;
    target.table = name->table;
    if (Status fits = check_length(target.kind, name->table); !fits) return fits;
  }
  if (const auto schema = options.text("schema")) {
    if (Status agrees = differs_from_path(options, "schema", path_schema, *schema); !agrees) return agrees;
  }
  if (target.table && table::is_own_table_name(target.kind, *target.table)) {
    return usage(fmt::format("the target's table is \"{}\", a name under which ctk keeps its own records", *target.table),
                 "name another table");
  }
  if (is_mysql(target.kind) && target.schema.empty()) {
    return usage("the target's URL names no database",
                 fmt::format("expected {}://host/database?table=name", target.url.scheme));
  }
  target.query_schema = target.schema;
  if (target.schema.empty()) target.schema = target.kind->default_schema;
  return {};
}

Result<std::map<std::string, table::ColumnType>> read_types(const OptionValues& options, std::string_view family) {
  std::map<std::string, table::ColumnType> types;
  for (const auto& [name, text] : options.family(family)) {
    const auto type = table::parse_column_type(text);
    if (!type) {
      const std::string spelled = options.spelled(std::string(family) + name);
      return usage(fmt::format("option {}: {}", spelled, type.error().message), type.error().hint);
    }
    types[name] = *type;
  }
  return types;
}

Status read_layout(const OptionValues& options, sink::TargetOptions& target) {
  const bool has_paths = target.kind->data == table::DataColumn::object;
  const std::string fallback = has_paths ? "ctk" : "columns";
  const std::string layout = options.text("layout").value_or(fallback);
  if (layout == "ctk" && !has_paths) {
    return usage(fmt::format("option {}: found \"ctk\", which is for CrateDB, accepted on {} is columns or document",
                             options.spelled("layout"), target.kind->product));
  }
  table::TableOptions& tables = target.tables;
  tables.layout = layout == "ctk"       ? table::Layout::ctk
                  : layout == "columns" ? table::Layout::columns
                                        : table::Layout::document;
  tables.encoding = options.text("encoding") == "dynamodb" ? table::Encoding::dynamodb : table::Encoding::plain;
  tables.deletes = options.text("deletes") == "soft" ? table::Deletes::soft : table::Deletes::mark;
  tables.typed = options.boolean("typed", true);
  tables.max_columns = options.integer("max-columns").value_or(800);
  tables.create_table = options.boolean("create-table", true);
  tables.live_view = options.boolean("live-view", true);
  tables.adopt = options.boolean("adopt", false);
  tables.history = options.text("history");
  if (tables.history) {
    if (Status fits = check_length(target.kind, *tables.history); !fits) return fits;
  }
  auto key_types = read_types(options, "key-type.");
  if (!key_types) return std::unexpected(key_types.error());
  tables.key_types = std::move(*key_types);
  auto path_types = read_types(options, "type.");
  if (!path_types) return std::unexpected(path_types.error());
  tables.path_types = std::move(*path_types);
  return {};
}

/// Options that another one leaves without any effect.
Status check_together(const OptionValues& options, const table::TableOptions& tables) {
  const auto idle = [&](std::string_view name, std::string_view because) {
    return usage(fmt::format("option {} has no effect: {}", options.spelled(name), because));
  };
  const std::string shapeless = tables.encoding == table::Encoding::dynamodb ? "encoding=dynamodb" : "typed=false";
  if (!tables.typed || tables.encoding == table::Encoding::dynamodb) {
    const std::string why = fmt::format("with {} `data` has no columns", shapeless);
    if (options.has("max-columns")) return idle("max-columns", why);
    if (!tables.path_types.empty()) return idle("type." + tables.path_types.begin()->first, why);
  }
  if (tables.layout == table::Layout::document && !tables.key_types.empty()) {
    return idle("key-type." + tables.key_types.begin()->first, "layout=document has no key columns");
  }
  for (const char* name : {"delete-grace", "delete-floor"}) {
    if (tables.deletes == table::Deletes::soft && options.has(name)) return idle(name, "deletes=soft keeps marks for ever");
  }
  if (!tables.create_table && options.boolean("live-view", false)) {
    return idle("live-view", "with create-table=false no view is made");
  }
  return {};
}

/// `ssl`, `sslmode` and the scheme in one voice: who asks for TLS gets it, with the checks that the mode names.
Status read_tls(const OptionValues& options, const Scheme& scheme, sink::TargetOptions& target) {
  const bool crate = target.kind == Target::cratedb;
  std::optional<bool> wanted = scheme.tls;
  std::string given_by = fmt::format("the scheme {}", scheme.name);
  if (options.has("ssl")) {
    const bool ssl = options.boolean("ssl", false);
    if (wanted && *wanted != ssl) {
      return usage(fmt::format("option {}={} contradicts {}", options.spelled("ssl"), ssl, given_by));
    }
    wanted = ssl;
    given_by = fmt::format("option {}={}", options.spelled("ssl"), ssl);
  }
  target.sslmode = options.text("sslmode");
  if (!target.sslmode) {
    target.ssl = wanted.value_or(false);
    if (wanted && !crate) target.sslmode = *wanted ? "require" : "disable";
    return {};
  }
  const std::string& mode = *target.sslmode;
  const bool either = mode == "allow" || mode == "prefer";
  if (either && crate) {
    return usage(fmt::format("option {}: found \"{}\", accepted on CrateDB is disable, require, verify-ca or verify-full",
                             options.spelled("sslmode"), mode),
                 "a port of CrateDB speaks TLS or it does not; nobody can ask for what it prefers");
  }
  const bool encrypts = mode != "disable" && !either;
  if (wanted && (either || *wanted != encrypts)) {
    return usage(fmt::format("option {}={} contradicts {}", options.spelled("sslmode"), mode, given_by));
  }
  target.ssl = encrypts;
  return {};
}

void read_bounds(const OptionValues& options, sink::TargetOptions& target) {
  target.timeout = options.duration("timeout");
  target.batch_rows = options.integer("batch-rows");
  target.batch_bytes = options.size("batch-bytes");
  target.connections = options.integer("connections");
  target.dead_letters_file = options.text("dead-letters");
}

/// The client libraries' own settings. What is wrong with the values of libpq's libpq knows, but where we use them in its
/// place.
Status read_settings(const OptionValues& options, sink::TargetOptions& target) {
  constexpr std::array<std::string_view, 3> kUtf8 = {"utf8", "utf-8", "unicode"};
  target.settings = options.others();
  if (const auto socket = options.text(sink::kMysqlSocket)) target.settings.emplace_back(sink::kMysqlSocket, *socket);
  for (const auto& [name, value] : target.settings) {
    if (name == "connect_timeout" && !parse_number<int>(value)) {
      return usage(
          fmt::format("option connect_timeout in the target's URL: found \"{}\", accepted are whole seconds", value));
    }
    const std::string lower = ascii_lower(value);
    if (name == "client_encoding" && std::ranges::find(kUtf8, lower) == kUtf8.end()) {
      return usage(
          fmt::format("option client_encoding in the target's URL: found \"{}\", accepted is UTF8: "
                      "DynamoDB's texts are UTF-8",
                      value));
    }
  }
  return {};
}

/// `sqlite:/abs.db` has no empty host whose slash could be taken away: written as `sqlite:////abs.db` it is the same file.
void settle_sqlite_path(const std::string& text, net::Url& url) {
  const bool has_host = text.find("://") == text.find(':');
  if (!has_host && url.path.starts_with('/')) url.path.insert(0, "/");
}

/// What each kind needs of its URL's hosts and path.
Status check_place(const net::Url& url, Target target) {
  const bool has_path = !url.path.empty() && url.path != "/";
  const bool has_user = !url.user.empty() || url.password.has_value();
  if (has_user && !target->is_server) {
    return usage(fmt::format("the target's URL names a user, and {} knows none", target->product));
  }
  const bool names_file = url.hosts.empty() && has_path;
  if (target == Target::cratedb && url.hosts.empty()) {
    return usage("the target's URL names no host: expected crate://host:4200/schema/table");
  }
  if (target == Target::postgres && url.path.find('/', 1) != std::string::npos) {
    return usage(fmt::format("the target's URL has the path \"{}\": expected one database", url.path),
                 "the table goes behind it: postgresql://host/database?table=schema.table");
  }
  if (is_mysql(target) && url.hosts.size() > 1) {
    return usage(fmt::format("the target's URL names {} hosts, and {} takes one", url.hosts.size(), target->product));
  }
  if (is_mysql(target) && url.path.find('/', 1) != std::string::npos) {
    return usage(fmt::format("the target's URL has the path \"{}\": expected one database", url.path),
                 "the table goes behind it: mysql://host/database?table=name");
  }
  if (target == Target::sqlite && !names_file) {
    return usage("the target's URL names no file: expected sqlite:///relative.db or sqlite:////absolute.db");
  }
  if (target == Target::ndjson && !names_file) {
    return usage("the target's URL names no file: expected ndjson:///absolute/path or ndjson:-");
  }
  return {};
}

std::unexpected<Error> unknown_scheme(const std::string& scheme) {
  const std::vector<std::string> main_ones = {"crate", "postgresql", "mysql", "mariadb", "sqlite", "odbc", "ndjson"};
  return usage(fmt::format("unknown scheme \"{}\" of the target's URL, accepted are {}{}", scheme, one_of(main_ones),
                           did_you_mean(scheme, main_ones)));
}

/// One part of a name: `word` or `"quoted ""word"""`; stops at a dot outside of quotes.
Result<std::string> take_name_part(std::string_view& rest, bool split_at_dots) {
  std::string part;
  if (!rest.starts_with('"')) {
    const size_t end = split_at_dots ? std::min(rest.find('.'), rest.size()) : rest.size();
    part = rest.substr(0, end);
    rest.remove_prefix(end);
    return part;
  }
  rest.remove_prefix(1);
  while (true) {
    const size_t quote = rest.find('"');
    if (quote == std::string_view::npos) return usage("a quote is not closed");
    part += rest.substr(0, quote);
    rest.remove_prefix(quote + 1);
    if (!rest.starts_with('"')) return part;
    part += '"';
    rest.remove_prefix(1);
  }
}

/// What a URL takes beside our options.
std::vector<std::string> settings_of(const Scheme& scheme) {
  return scheme.target == Target::postgres ? sink::postgres_settings() : std::vector<std::string>{};
}

/// What is behind an `odbc:` URL becomes the plan's kind of target; gives the schema that is meant where none is named.
Result<std::string> find_odbc_target(const OptionValues& options, const OdbcQuestion& ask, sink::TargetOptions& target) {
  for (const std::string_view name : {sink::kOdbcDataSource, sink::kOdbcConnection}) {
    if (const auto value = options.text(name)) target.settings.emplace_back(name, *value);
  }
  const auto address = sink::odbc_address_of(target);
  if (!address) return std::unexpected(address.error());
  const auto wished = options.text("dialect");
  constexpr Duration kStartTimeout = std::chrono::seconds(30);
  const auto site = ask(*address, wished ? table::parse_odbc_dialect(*wished) : std::nullopt,
                        options.duration("start-timeout").value_or(kStartTimeout));
  if (!site) return std::unexpected(site.error());
  target.kind = table::odbc_target(site->kind);
  return site->schema;
}

Status check_odbc(const OptionValues& options, const sink::TargetOptions& target) {
  for (const char* name : {"ssl", "sslmode"}) {
    if (!options.has(name)) continue;
    return usage(fmt::format("option {} is not for odbc:", options.spelled(name)),
                 "each ODBC driver has settings of its own for it: put them into the connection string or odbc.ini");
  }
  const bool names_database =
      target.kind->product == Target::mysql->product || target.kind->product == Target::mariadb->product;
  if (names_database && target.schema.empty()) {
    return usage("the data source names no database", "say it: schema=DATABASE, or table=DATABASE.TABLE");
  }
  return {};
}

}  // namespace

Result<TargetPlan> plan_target(const std::string& text, const FlagValues& flags, const OdbcQuestion& ask) {
  const auto url = net::parse_url(text);
  if (!url) {
    const bool bare = text.find(':') == std::string::npos;
    return usage(
        "the target's URL cannot be read: " + url.error().message,
        bare ? fmt::format("a SQLite file is sqlite:///{}, a server crate:// or postgresql://", text) : url.error().hint);
  }
  const Scheme* scheme = find_scheme(url->scheme);
  if (scheme == nullptr) return unknown_scheme(url->scheme);
  auto options = read_options(OptionScope::target, *url, flags, settings_of(*scheme));
  if (!options) return std::unexpected(options.error());

  TargetPlan plan;
  plan.target.url = *url;
  plan.target.kind = scheme->target;
  std::string usual_schema;
  if (is_odbc(*url)) {
    auto schema = find_odbc_target(*options, ask, plan.target);
    if (!schema) return std::unexpected(schema.error());
    usual_schema = std::move(*schema);
  }
  if (auto checked = check_applicable(plan.target.kind, *options); !checked) return std::unexpected(checked.error());
  if (auto checked = check_place(*url, scheme->target); !checked && !is_odbc(*url)) return std::unexpected(checked.error());
  if (scheme->name == "sqlite") settle_sqlite_path(text, plan.target.url);
  if (scheme->target == Target::cratedb) {
    if (auto read = read_crate_path(url->path, plan.target); !read) return std::unexpected(read.error());
  }
  if (is_mysql(scheme->target)) {
    std::string& path = plan.target.url.path;
    if (!path.empty() && !path.starts_with('/')) path.insert(0, "/");  // mysql:database
    plan.target.schema = path.substr(std::min<size_t>(1, path.size()));
  }
  if (auto read = read_names(*options, plan.target); !read) return std::unexpected(read.error());
  if (auto read = read_layout(*options, plan.target); !read) return std::unexpected(read.error());
  if (auto checked = check_together(*options, plan.target.tables); !checked) return std::unexpected(checked.error());
  if (auto read = read_tls(*options, *scheme, plan.target); !read) return std::unexpected(read.error());
  read_bounds(*options, plan.target);
  if (is_odbc(*url)) {
    if (plan.target.schema.empty()) plan.target.schema = usual_schema;
    if (auto checked = check_odbc(*options, plan.target); !checked) return std::unexpected(checked.error());
  } else if (auto read = read_settings(*options, plan.target); !read) {
    return std::unexpected(read.error());
  }
  plan.options = std::move(*options);
  return plan;
}

Result<std::string> find_target(const std::optional<std::string>& argument, const std::optional<std::string>& flag,
                                const aws::Environment& environment) {
  if (argument) return *argument;
  if (flag) return *flag;
  if (auto url = environment.get("CRATEDB_CLUSTER_URL")) return *url;
  if (auto url = environment.get("CRATEDB_SQLALCHEMY_URL")) return *url;
  return usage("no target: looked for the target argument, --target, CRATEDB_CLUSTER_URL and CRATEDB_SQLALCHEMY_URL",
               "name one, such as crate://localhost:4200/doc/demo or sqlite:///demo.db");
}

bool looks_like_target(std::string_view word) {
  const size_t colon = word.find(':');
  return colon != std::string_view::npos && find_scheme(word.substr(0, colon)) != nullptr;
}

Result<table::QualifiedName> parse_table_name(std::string_view text, bool with_schema) {
  const auto malformed = [&](std::string_view why) {
    return usage(
        fmt::format("found \"{}\", accepted is {}: {}", text, with_schema ? "table or schema.table" : "a table", why),
        "a name that holds a dot stands in double quotes");
  };
  std::string_view rest = text;
  std::vector<std::string> parts;
  while (true) {
    auto part = take_name_part(rest, with_schema);
    if (!part) return malformed(part.error().message);
    if (part->empty()) return malformed("a name is empty");
    parts.push_back(std::move(*part));
    if (rest.empty()) break;
    if (!with_schema || !rest.starts_with('.')) return malformed("something follows a closing quote");
    rest.remove_prefix(1);
  }
  if (parts.size() > 2) return malformed("there are too many parts");
  if (parts.size() == 1) return table::QualifiedName{"", parts[0]};
  return table::QualifiedName{parts[0], parts[1]};
}

Result<table::QualifiedName> resolve_table_name(std::string_view text, const sink::TargetOptions& target) {
  auto name = parse_table_name(text, target.kind->is_server);
  if (!name) return usage("table name: " + name.error().message, name.error().hint);
  if (Status fits = check_length(target.kind, name->table); !fits) return std::unexpected(fits.error());
  if (name->schema.empty()) name->schema = target.schema;
  return name;
}

}  // namespace ctk::cli
