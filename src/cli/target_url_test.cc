#include "cli/target_url.h"

#include <gmock/gmock.h>

namespace ctk::cli {
namespace {

using table::Layout;
using table::Target;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

sink::TargetOptions target(const std::string& url, const FlagValues& flags = {}) {
  auto plan = plan_target(url, flags);
  if (plan) return plan->target;
  ADD_FAILURE() << url << ": " << to_string(plan.error());
  return {};
}

std::string refused(const std::string& url, const FlagValues& flags = {}) {
  auto plan = plan_target(url, flags);
  if (plan) return "accepted";
  EXPECT_EQ(plan.error().kind, ErrorKind::usage);
  return plan.error().message;
}

/// A data source that is of this kind.
OdbcQuestion answer(const sink::sql::OdbcSite& site) {
  return [site](const sink::sql::OdbcAddress&, std::optional<table::OdbcDialect>, Duration) { return site; };
}

/// "schema.table", `?` for a table that the source names.
std::string named(const std::string& url, const FlagValues& flags = {}) {
  const auto options = target(url, flags);
  return options.schema + "." + options.table.value_or("?");
}

TEST(TargetUrl, NamesOnCrateDb) {
  EXPECT_EQ(named("crate://crate@localhost:4200/testdrive/demo"), "testdrive.demo");
  EXPECT_EQ(named("crate://crate@localhost:4200/testdrive/demo/"), "testdrive.demo");
  EXPECT_EQ(named("crate://localhost:4200/testdrive"), "testdrive.?");
  EXPECT_EQ(named("crate://admin:dZ6LqB@testdrive.eks1.eu-west-1.aws.cratedb.net:4200/?ssl=true"), "doc.?");
  EXPECT_EQ(named("crate://localhost"), "doc.?");
  EXPECT_EQ(named("crate://localhost/?schema=s&table=t"), "s.t");
  EXPECT_EQ(named("crate://localhost/?database=s&table=t"), "s.t");
  EXPECT_EQ(named("crate://localhost/?table=public.demo"), "public.demo");
  EXPECT_EQ(named("crate://localhost/a/b", {{"table", "c"}}), "a.c");
  EXPECT_EQ(named("crate://localhost/a/b?table=d.e", {{"schema", "x"}, {"table", "c"}}), "x.c");
  EXPECT_EQ(named("crate://localhost/doc/we%22ird"), "doc.we\"ird");
  EXPECT_THAT(refused("crate://localhost/a/b/c"), HasSubstr("/schema/table"));
  EXPECT_THAT(refused("crate://localhost/a?schema=x&table=y.z"), AllOf(HasSubstr("\"y\""), HasSubstr("\"x\"")));
  EXPECT_THAT(refused("crate:///doc/demo"), HasSubstr("names no host"));
}

TEST(TargetUrl, APathAndOptionsOfOneUrlAgreeOnCrateDb) {
  EXPECT_EQ(named("crate://localhost/a/b?table=a.b&schema=a"), "a.b");
  EXPECT_EQ(named("crate://localhost/a?table=b"), "a.b");
  EXPECT_EQ(named("crate://localhost/a/b", {{"schema", "x"}, {"table", "c"}}), "x.c") << "flags win";
  for (const char* url :
       {"crate://localhost/a/b?table=c", "crate://localhost/a/b?table=x.b", "crate://localhost/a?table=x.b",
        "crate://localhost/a/b?schema=x", "crate://localhost/a?database=x"}) {
    EXPECT_THAT(refused(url), AllOf(HasSubstr("in the target's URL names"), HasSubstr("the path of that URL"))) << url;
  }
}

TEST(TargetUrl, SchemesOfCrateDb) {
  EXPECT_FALSE(target("crate://localhost").ssl);
  EXPECT_FALSE(target("http://localhost:4200").ssl);
  EXPECT_TRUE(target("https://localhost:4200").ssl);
  EXPECT_TRUE(target("crate+https://localhost").ssl);
  EXPECT_TRUE(target("cratedb://localhost?ssl=true").ssl);
  EXPECT_FALSE(target("crate+http://localhost").ssl);
  const auto many = target("crate://u:p@a,b:4201/doc/demo?sslmode=require&timeout=5");
  EXPECT_EQ(many.kind, Target::cratedb);
  EXPECT_TRUE(many.ssl) << "the password must not go out in clear";
  EXPECT_EQ(many.url.hosts.size(), 2u);
  EXPECT_EQ(many.sslmode, "require");
  EXPECT_EQ(many.timeout, std::chrono::seconds(5));
}

TEST(TargetUrl, NamesOnPostgres) {
  EXPECT_EQ(named("postgresql://user:pw@localhost/db?table=public.demo"), "public.demo");
  EXPECT_EQ(named("postgresql://localhost/db"), "public.?");
  EXPECT_EQ(named("postgres://localhost/db?schema=s"), "s.?");
  EXPECT_EQ(named("postgresql://localhost/db", {{"table", "\"a.b\".\"c\"\"d\""}}), "a.b.c\"d");
  EXPECT_THAT(refused("postgresql://localhost/db/public/demo"), HasSubstr("one database"));
  EXPECT_THAT(refused("postgresql://localhost/db?table=a.b.c"), AllOf(HasSubstr("\"a.b.c\""), HasSubstr("schema.table")));
  EXPECT_THAT(refused("postgresql://localhost/db?table=a."), HasSubstr("empty"));
  EXPECT_THAT(refused("postgresql://localhost/db?table=%22a"), HasSubstr("not closed"));
}

TEST(TargetUrl, NoNameThatPostgresCuts) {
  const std::string longest(63, 'a'), longer(64, 'a');
  const std::string url = "postgresql://localhost/db?table=";
  EXPECT_EQ(named(url + "s." + longest), "s." + longest);
  EXPECT_THAT(refused(url + longer), HasSubstr("has 64 bytes, and PostgreSQL cuts names at 63"));
  EXPECT_THAT(refused(url + "t&history=" + longer), HasSubstr("cuts names at 63"));
  EXPECT_FALSE(resolve_table_name("s." + longer, target(url + "t")));
  EXPECT_EQ(named("sqlite:///x.db?table=" + longer), "." + longer);
}

TEST(TargetUrl, WhatLibpqTakesInAUriIsTaken) {
  const auto options = target(
      "postgresql://u:p@/db?host=/run/pg&target_session_attrs=read-write&options=-c%20geqo%3Doff&application_name=mine"
      "&sslrootcert=/ca.pem&sslmode=verify-full&table=s.t&connect_timeout=3");
  EXPECT_TRUE(options.url.hosts.empty());
  EXPECT_THAT(options.settings,
              testing::ElementsAre(testing::Pair("host", "/run/pg"), testing::Pair("target_session_attrs", "read-write"),
                                   testing::Pair("options", "-c geqo=off"), testing::Pair("application_name", "mine"),
                                   testing::Pair("sslrootcert", "/ca.pem"), testing::Pair("connect_timeout", "3")));
  EXPECT_EQ(options.sslmode, "verify-full") << "a target option of ours wins over a name of libpq's";
  EXPECT_EQ(options.schema + "." + *options.table, "s.t");
  for (const char* url : {"postgresql:///?service=mine", "postgresql://", "postgresql://a,b:1,[::1]:2/db",
                          "postgresql://h/db?client_encoding=UTF8", "postgres://u@?host=x"}) {
    EXPECT_EQ(target(url).kind, Target::postgres) << url;
  }
  EXPECT_THAT(refused("postgresql://h/db?connect_timeout=3s"), HasSubstr("whole seconds"));
  EXPECT_THAT(refused("postgresql://h/db?aplication_name=x"), HasSubstr("did you mean \"application_name\"?"));
  EXPECT_THAT(refused("postgresql://h/db?replication=true"), HasSubstr("unknown option"));
  EXPECT_THAT(refused("postgresql://h/db?client_encoding=LATIN1"), HasSubstr("UTF8"));
  EXPECT_THAT(refused("postgresql://h/db?options=a%00b"), HasSubstr("option options in the target's URL holds %00"));
  EXPECT_THAT(refused("crate://h/?application_name=x"), HasSubstr("unknown option"));
  EXPECT_THAT(refused("crate://u:hushhush@/doc/demo"), AllOf(HasSubstr("names no host"), Not(HasSubstr("hushhush"))));
}

TEST(TargetUrl, NamesOnSqliteAndNdjson) {
  EXPECT_EQ(named("sqlite:///demo.db?table=demo"), ".demo");
  EXPECT_EQ(named("sqlite:////abs.db?table=a.b"), ".a.b") << "a dot is a part of the name";
  EXPECT_EQ(named("ndjson:-"), ".?");
  EXPECT_EQ(target("ndjson:///out.ndjson?dead-letters=x").dead_letters_file, "x");
  EXPECT_EQ(target("sqlite:///demo.db").kind, Target::sqlite);
  EXPECT_EQ(target("sqlite:///demo.db").url.path, "/demo.db");
  EXPECT_EQ(target("sqlite:/abs.db").url.path, "//abs.db") << "as sqlite:////abs.db";
  EXPECT_EQ(target("sqlite:demo.db").url.path, "demo.db");
  EXPECT_THAT(refused("sqlite:///demo.db?schema=x"), AllOf(HasSubstr("schema"), HasSubstr("SQLite")));
  EXPECT_THAT(refused("sqlite://demo.db"), HasSubstr("sqlite:///relative.db"));
  EXPECT_THAT(refused("ndjson:"), HasSubstr("names no file"));
}

TEST(TargetUrl, NothingEndsAtANul) {
  for (const char* url : {"sqlite:///a%00.db", "ndjson:///a%00b", "postgresql://u%00:p@h/db", "postgresql://u:p%00@h/db",
                          "mysql://h/d%00b?table=t", "crate://h/doc/a%00b"})
    EXPECT_THAT(refused(url), HasSubstr("the target's URL holds %00")) << url;
  EXPECT_THAT(refused("sqlite:///a.db?table=a%00b"), HasSubstr("option table in the target's URL holds %00"));
  EXPECT_EQ(named("sqlite:///a.db?table=a%2500b"), ".a%00b") << "a text like any other";
}

TEST(TargetUrl, LayoutFollowsTheTarget) {
  EXPECT_EQ(target("crate://localhost").tables.layout, Layout::ctk);
  EXPECT_EQ(target("sqlite:///x.db").tables.layout, Layout::columns);
  EXPECT_EQ(target("postgresql://localhost/db?layout=document").tables.layout, Layout::document);
  EXPECT_EQ(target("crate://localhost?layout=columns").tables.layout, Layout::columns);
  EXPECT_THAT(refused("sqlite:///x.db?layout=ctk"), AllOf(HasSubstr("\"ctk\""), HasSubstr("columns or document")));
}

TEST(TargetUrl, WhoAsksForTlsGetsIt) {
  for (const char* mode : {"require", "verify-ca", "verify-full"}) {
    for (const char* before : {"crate://h/?", "crate://h/?ssl=true&", "https://h/?", "crate+https://h/?ssl=1&"}) {
      const auto options = target(std::string(before) + "sslmode=" + mode);
      EXPECT_TRUE(options.ssl) << before << mode;
      EXPECT_EQ(options.sslmode, mode);
    }
  }
  EXPECT_FALSE(target("crate://h?sslmode=disable").ssl);
  EXPECT_EQ(target("crate://h?ssl=true").sslmode, std::nullopt) << "every check there is";
  EXPECT_EQ(target("postgresql://h/db?ssl=true").sslmode, "require");
  EXPECT_EQ(target("postgresql://h/db?ssl=false").sslmode, "disable");
  EXPECT_EQ(target("postgresql://h/db?ssl=true&sslmode=verify-full").sslmode, "verify-full");
  EXPECT_EQ(target("postgresql://h/db?sslmode=prefer").sslmode, "prefer");
}

TEST(TargetUrl, ContradictionsOnTls) {
  for (const char* url : {
           "crate://h?ssl=false&sslmode=require",
           "crate://h?ssl=false&sslmode=verify-ca",
           "crate://h?ssl=no&sslmode=verify-full",
           "crate://h?ssl=true&sslmode=disable",
           "https://h?ssl=false",
           "https://h?sslmode=disable",
           "crate+https://h?sslmode=disable",
           "http://h?ssl=true",
           "http://h?sslmode=require",
           "crate+http://h?sslmode=verify-full",
           "postgresql://h/db?ssl=false&sslmode=require",
           "postgresql://h/db?ssl=true&sslmode=disable",
           "postgresql://h/db?ssl=true&sslmode=prefer",
           "postgresql://h/db?ssl=false&sslmode=allow",
       }) {
    EXPECT_THAT(refused(url), HasSubstr("contradicts")) << url;
  }
  EXPECT_THAT(refused("crate://h?sslmode=require", {{"ssl", "false"}}),
              AllOf(HasSubstr("--ssl=false"), HasSubstr("sslmode in the target's URL=require")));
  for (const char* url : {"crate://h?sslmode=prefer", "crate://h?sslmode=allow", "crate://h?ssl=true&sslmode=prefer"}) {
    EXPECT_THAT(refused(url), HasSubstr("verify-full")) << url;
  }
}

TEST(TargetUrl, TableOptions) {
  const auto typed = target("crate://localhost?max-columns=50", {{"type.a", "text"}});
  EXPECT_EQ(typed.tables.max_columns, 50);
  EXPECT_EQ(typed.tables.path_types.at("a"), table::ColumnType::text);
  const auto options = target("crate://localhost?encoding=dynamodb&deletes=soft&typed=false&create-table=no",
                              {{"live-view", "false"}, {"adopt", "true"}, {"key-type.id", "bigint"}, {"history", "h"}});
  EXPECT_EQ(options.tables.encoding, table::Encoding::dynamodb);
  EXPECT_EQ(options.tables.deletes, table::Deletes::soft);
  EXPECT_FALSE(options.tables.typed);
  EXPECT_EQ(options.tables.max_columns, 800);
  EXPECT_FALSE(options.tables.create_table);
  EXPECT_FALSE(options.tables.live_view);
  EXPECT_TRUE(options.tables.adopt);
  EXPECT_EQ(options.tables.history, "h");
  EXPECT_EQ(options.tables.key_types.at("id"), table::ColumnType::bigint);
  EXPECT_THAT(refused("crate://localhost?key-type.id=blob5"), AllOf(HasSubstr("key-type.id"), HasSubstr("blob5")));
}

TEST(TargetUrl, OurOwnTablesAreNoTargets) {
  EXPECT_THAT(refused("crate://localhost/doc/ctk_tables"), HasSubstr("ctk_tables"));
  EXPECT_THAT(refused("sqlite:///x.db?table=CTK_Positions"), HasSubstr("CTK_Positions"));
  EXPECT_EQ(target("postgresql://localhost/db?table=ctk_other").table, "ctk_other");
}

TEST(TargetUrl, OptionsThatMeanNothingThere) {
  EXPECT_THAT(refused("sqlite:///x.db?max-columns=5"), AllOf(HasSubstr("max-columns"), HasSubstr("CrateDB")));
  EXPECT_THAT(refused("sqlite:///x.db", {{"type.a", "text"}}), AllOf(HasSubstr("--type.a"), HasSubstr("CrateDB")));
  EXPECT_THAT(refused("postgresql://h/db?dead-letters=x"), HasSubstr("ndjson"));
  for (const char* option : {"connections=2", "ssl=true", "sslmode=require", "schema=s", "typed=true", "max-columns=9",
                             "database=d", "dead-letters=x"}) {
    EXPECT_THAT(refused(std::string("sqlite:///x.db?") + option), HasSubstr("SQLite")) << option;
  }
  for (const char* option : {"connections=2", "ssl=true", "sslmode=require", "schema=s", "typed=true", "max-columns=9",
                             "database=d", "timeout=5s", "delete-grace=5s", "delete-floor=5s", "key-type.id=text",
                             "type.a=text", "create-table=true", "live-view=true", "adopt=true", "history=h"}) {
    EXPECT_THAT(refused(std::string("ndjson:-?") + option), HasSubstr("ndjson")) << option;
  }
  for (const char* option : {"typed=true", "max-columns=9", "database=d", "type.a=text", "dead-letters=x"}) {
    EXPECT_THAT(refused(std::string("postgresql://h/db?") + option), HasSubstr("PostgreSQL")) << option;
  }
  EXPECT_THAT(refused("sqlite://u:hush@/x.db"), AllOf(Not("accepted"), Not(HasSubstr("hush"))));
}

TEST(TargetUrl, OptionsThatAnotherOneLeavesIdle) {
  for (const char* url :
       {"crate://h?typed=false&max-columns=9", "crate://h?encoding=dynamodb&max-columns=9",
        "crate://h?typed=false&type.a=text", "crate://h?encoding=dynamodb&type.a=text",
        "sqlite:///x.db?layout=document&key-type.id=text", "sqlite:///x.db?deletes=soft&delete-grace=5s",
        "crate://h?deletes=soft&delete-floor=5s", "postgresql://h/db?create-table=false&live-view=true"}) {
    EXPECT_THAT(refused(url), HasSubstr("has no effect")) << url;
  }
  EXPECT_FALSE(target("crate://h?create-table=false&live-view=false").tables.live_view);
}

/// Every option is taken by some target: none is left in the table that no target knows.
TEST(TargetUrl, EveryOptionHasItsTarget) {
  const std::string urls[] = {"crate://h",    "postgresql://h/db", "sqlite:///x.db", "ndjson:-",
                              "mysql://h/db", "odbc:///",          "odbc:///?dsn=x"};
  for (const OptionInfo& info : all_options()) {
    if (info.scope != OptionScope::target || info.fate != OptionFate::works) continue;
    const std::string name = std::string(info.name) + (info.is_family() ? "a" : "");
    const std::string value = info.kind == OptionKind::boolean   ? "true"
                              : info.kind == OptionKind::choice  ? split_choices(info.choices).back()
                              : info.kind == OptionKind::integer ? "5"
                              : info.kind == OptionKind::text    ? "text"
                              : info.kind == OptionKind::secret  ? "DRIVER=x"
                              : info.kind == OptionKind::size    ? "1MB"
                                                                 : "5s";
    int takers = 0;
    for (const std::string& url : urls) takers += plan_target(url, {{name, value}}, answer({})).has_value() ? 1 : 0;
    EXPECT_GT(takers, 0) << name;
  }
}

TEST(TargetUrl, Schemes) {
  EXPECT_THAT(refused("postgesql://h/db"), AllOf(HasSubstr("postgesql"), HasSubstr("did you mean \"postgresql\"?")));
  EXPECT_THAT(refused("postgesql://user:hushhush@h/db"), Not(HasSubstr("hushhush")));
}

TEST(TargetUrl, OfOdbc) {
  const table::OdbcKind kind{table::OdbcDialect::mariadb, true, true};
  const auto plan = [&](const std::string& url) { return plan_target(url, {}, answer({kind, "shop"})); };
  const auto planned = plan("odbc://u:pw@/?dsn=x&table=orders");
  ASSERT_TRUE(planned) << to_string(planned.error());
  EXPECT_EQ(planned->target.kind, table::odbc_target(kind));
  EXPECT_EQ(planned->target.schema, "shop");
  EXPECT_EQ(planned->target.table, "orders");
  EXPECT_EQ(plan("odbc:///?dsn=x&table=other.orders")->target.schema, "other");
  const auto refusal = [&](const std::string& url) {
    const auto refused = plan(url);
    return refused ? "accepted" : refused.error().message;
  };
  EXPECT_THAT(refusal("odbc:///?table=t"), HasSubstr("neither"));
  EXPECT_THAT(refusal("odbc:///?dsn=x&connection=DRIVER%3Dy"), HasSubstr("both"));
  EXPECT_THAT(refusal("odbc:///?connection=SERVER%3Dy"), HasSubstr("neither a DRIVER nor a DSN"));
  EXPECT_THAT(refusal("odbc://h/?dsn=x"), HasSubstr("host"));
  EXPECT_THAT(refusal("odbc://u:pw@/?connection=DRIVER%3Dy%3BUID%3Dv"), HasSubstr("another"));
  EXPECT_THAT(refusal("odbc:///?dsn=x&ssl=true"), HasSubstr("ssl"));
  EXPECT_THAT(refusal("odbc:///?dsn=x&dialect=access"), HasSubstr("dialect"));
  EXPECT_THAT(refusal("odbc:///?dsn=x&typed=true"), HasSubstr("typed"));
  EXPECT_THAT(plan_target("odbc:///?dsn=x", {}, answer({kind, ""})).error().message, HasSubstr("names no database"));
  EXPECT_THAT(refused("sqlite:///x.db?dsn=y"), HasSubstr("odbc:"));
}

TEST(TargetUrl, OfMysqlAndMariadb) {
  const sink::TargetOptions mysql = target("mysql://u:pw@h:3307/shop?table=orders&unix-socket=/s");
  EXPECT_EQ(mysql.kind, table::Target::mysql);
  EXPECT_EQ(mysql.schema, "shop");
  EXPECT_EQ(mysql.query_schema, "shop");
  EXPECT_EQ(mysql.table, "orders");
  EXPECT_EQ(mysql.settings, (decltype(mysql.settings){{"unix-socket", "/s"}}));
  const auto with_flag = plan_target("mariadb:///shop?unix-socket=/s", {{"unix-socket", "/t"}});
  ASSERT_TRUE(with_flag) << to_string(with_flag.error());
  EXPECT_EQ(with_flag->target.settings, (decltype(mysql.settings){{"unix-socket", "/t"}})) << "a flag wins";
  EXPECT_THAT(refused("postgresql://h/shop?unix-socket=/s"), HasSubstr("is for mysql: and mariadb:"));
  EXPECT_THAT(refused("mysql://h/shop?unix-socket=/s%00"), HasSubstr("%00"));
  EXPECT_EQ(target("mariadb://h?table=shop.orders").schema, "shop");
  EXPECT_EQ(target("mysql:shop").schema, "shop");
  EXPECT_EQ(target("mysql:/shop").url.path, target("mysql:shop").url.path);
  EXPECT_EQ(target("mariadb://h/shop").kind, table::Target::mariadb);
  EXPECT_THAT(refused("mysql://h?table=orders"), HasSubstr("names no database"));
  EXPECT_THAT(refused("mysql://h/shop?table=other.orders"), HasSubstr("\"shop\""));
  EXPECT_THAT(refused("mysql://h/shop/orders"), HasSubstr("expected one database"));
  EXPECT_THAT(refused("mysql://h,i/shop"), HasSubstr("2 hosts"));
  EXPECT_THAT(refused("mysql://h/shop?sslrootcert=x"), HasSubstr("sslrootcert"));
}

TEST(FindTarget, ArgumentFlagNewVariableOldVariable) {
  const aws::Environment both{{{"CRATEDB_CLUSTER_URL", "new"}, {"CRATEDB_SQLALCHEMY_URL", "old"}}, "", {}};
  const aws::Environment old{{{"CRATEDB_CLUSTER_URL", ""}, {"CRATEDB_SQLALCHEMY_URL", "old"}}, "", {}};
  EXPECT_EQ(find_target("argument", "flag", both), "argument");
  EXPECT_EQ(find_target(std::nullopt, "flag", both), "flag");
  EXPECT_EQ(find_target(std::nullopt, std::nullopt, both), "new");
  EXPECT_EQ(find_target(std::nullopt, std::nullopt, old), "old");
  const auto none = find_target(std::nullopt, std::nullopt, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::usage);
  EXPECT_THAT(none.error().message, AllOf(HasSubstr("--target"), HasSubstr("CRATEDB_CLUSTER_URL")));
}

TEST(TableNames, ForShow) {
  const auto crate = target("crate://localhost/testdrive/x");
  EXPECT_EQ(resolve_table_name("testdrive.demo", crate)->str(), "testdrive.demo");
  EXPECT_EQ(resolve_table_name("demo", crate)->str(), "testdrive.demo");
  EXPECT_EQ(resolve_table_name("a.b", target("sqlite:///x.db"))->table, "a.b");
  EXPECT_EQ(resolve_table_name("\"a.b\"", target("sqlite:///x.db"))->table, "a.b");
  EXPECT_FALSE(resolve_table_name("", crate));
}

TEST(LooksLikeTarget, NeedsAKnownScheme) {
  EXPECT_TRUE(looks_like_target("sqlite:///x.db"));
  EXPECT_TRUE(looks_like_target("ndjson:-"));
  EXPECT_FALSE(looks_like_target("kinesis:cdc@doc.demo"));
  EXPECT_FALSE(looks_like_target("demo"));
}

}  // namespace
}  // namespace ctk::cli
