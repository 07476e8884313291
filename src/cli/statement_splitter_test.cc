#include "cli/statement_splitter.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>
#include <sqlite3.h>

#include <vector>

namespace ctk::cli {
namespace {

using table::Target;
using testing::ElementsAre;
using Place = SqlScanner::Place;

constexpr Target kDialects[] = {Target::cratedb, Target::postgres, Target::sqlite, Target::mariadb};

std::vector<std::string> all_of(StatementSplitter& splitter) {
  std::vector<std::string> statements;
  while (auto statement = splitter.next()) statements.push_back(statement->sql);
  return statements;
}

std::vector<std::string> split(Target dialect, const std::string& text, bool backslashes = false) {
  StatementSplitter splitter(dialect);
  splitter.set_backslashes(backslashes);
  splitter.feed(text);
  auto statements = all_of(splitter);
  if (auto last = splitter.rest()) statements.push_back(last->sql);
  return statements;
}

class EveryDialect : public testing::TestWithParam<Target> {};
INSTANTIATE_TEST_SUITE_P(Statements, EveryDialect, testing::ValuesIn(kDialects));

TEST_P(EveryDialect, EndsAtSemicolons) {
  EXPECT_THAT(split(GetParam(), "SELECT 1; SELECT 2 ;;\n SELECT 3"), ElementsAre("SELECT 1", "SELECT 2", "SELECT 3"));
  EXPECT_THAT(split(GetParam(), "SELECT 1;\r\nSELECT 2;\r\n"), ElementsAre("SELECT 1", "SELECT 2"));
  EXPECT_THAT(split(GetParam(), " ; \n;"), ElementsAre());
  EXPECT_THAT(split(GetParam(), ""), ElementsAre());
  EXPECT_THAT(split(GetParam(), "-- nothing; here\n/* nor; here */ -"), ElementsAre("-- nothing; here\n/* nor; here */ -"));
  EXPECT_THAT(split(GetParam(), "-- nothing; here\n/* nor; here */ ; --"), ElementsAre());
}

TEST(Statements, OfMysql) {
  const std::vector<std::string> whole = {R"(SELECT 'a\'; b', "c\"; d", `e\`)", "SELECT 1 # it's; not here\n+ 1",
                                          "SELECT 'x''; y' /* ; */"};
  for (const std::string& sql : whole) EXPECT_THAT(split(Target::mysql, sql + ";"), ElementsAre(sql));
  EXPECT_THAT(split(Target::mysql, "SELECT 1 #;"), ElementsAre("SELECT 1 #;"));
}

TEST_P(EveryDialect, QuotesAndCommentsHoldSemicolons) {
  EXPECT_THAT(split(GetParam(), "SELECT 'a;b', \"c;d\", 'it''s;'; x"), ElementsAre("SELECT 'a;b', \"c;d\", 'it''s;'", "x"));
  EXPECT_THAT(split(GetParam(), "SELECT 1 -- no; end\n, 2; y"), ElementsAre("SELECT 1 -- no; end\n, 2", "y"));
  EXPECT_THAT(split(GetParam(), "SELECT /* a; */ 1; SELECT 1/*/ ; */; z"),
              ElementsAre("SELECT /* a; */ 1", "SELECT 1/*/ ; */", "z"));
  EXPECT_THAT(split(GetParam(), "SELECT 1 - 2; SELECT 4 / 2; SELECT 1-; SELECT 'open; x"),
              ElementsAre("SELECT 1 - 2", "SELECT 4 / 2", "SELECT 1-", "SELECT 'open; x"));
  if (!GetParam()->sql.lexical.backslashes) {
    EXPECT_THAT(split(GetParam(), "SELECT '\\'; b"), ElementsAre("SELECT '\\'", "b"));
  }
  EXPECT_THAT(split(GetParam(), std::string("SELECT 'a\0;'; b", 15)), ElementsAre(std::string("SELECT 'a\0;'", 12), "b"));
}

TEST_P(EveryDialect, ByteOrderMarkIsNoSql) {
  EXPECT_THAT(split(GetParam(), "\xef\xbb\xbf"), ElementsAre());
  EXPECT_THAT(split(GetParam(), "\xef\xbb\xbfSELECT 1; SELECT 2"), ElementsAre("SELECT 1", "SELECT 2"));
  EXPECT_THAT(split(GetParam(), "\xef\xbb"), ElementsAre("\xef\xbb"));
}

TEST_P(EveryDialect, ComesAsSoonAsItIsWhole) {
  StatementSplitter splitter(GetParam());
  splitter.feed("SELECT 'a");
  EXPECT_EQ(splitter.next(), std::nullopt);
  EXPECT_TRUE(splitter.pending());
  EXPECT_EQ(splitter.place(), Place::text);
  splitter.feed(";b'; -- done\n");
  EXPECT_EQ(splitter.next()->sql, "SELECT 'a;b'");
  EXPECT_EQ(splitter.next(), std::nullopt);
  EXPECT_FALSE(splitter.pending());
  splitter.feed("/* more");
  EXPECT_EQ(splitter.next(), std::nullopt);
  EXPECT_TRUE(splitter.pending());
  splitter.drop();
  splitter.feed("x;");
  EXPECT_EQ(splitter.next()->sql, "x");
}

TEST_P(EveryDialect, KnowsItsLine) {
  StatementSplitter splitter(GetParam());
  splitter.feed("\n-- first\nSELECT 1;\n\n  SELECT\n 2; SELECT 3\n;SELECT 4");
  std::vector<size_t> lines;
  while (auto statement = splitter.next()) lines.push_back(statement->line);
  lines.push_back(splitter.rest()->line);
  EXPECT_THAT(lines, ElementsAre(2, 5, 6, 7));
}

TEST(Statements, OfCrateDb) {
  const auto crate = [](const std::string& text) { return split(Target::cratedb, text); };
  EXPECT_THAT(crate("SELECT E'a\\'b;c'; SELECT e'a\\\\\\'; b'; x"),
              ElementsAre("SELECT E'a\\'b;c'", "SELECT e'a\\\\\\'; b'", "x"));
  EXPECT_THAT(crate("SELECT E'a\\\\';b'; x"), ElementsAre("SELECT E'a\\\\';b'", "x"));  // unlike PostgreSQL
  EXPECT_THAT(crate("SELECT E'a''\\';b'; x"), ElementsAre("SELECT E'a''\\';b'", "x"));
  EXPECT_THAT(crate("SELECT name'a\\'; x"), ElementsAre("SELECT name'a\\'", "x"));
  EXPECT_THAT(crate("SELECT /* a /* b */ 1; x */"), ElementsAre("SELECT /* a /* b */ 1", "x */"));
  EXPECT_THAT(crate("SELECT $$;$$; SELECT $t$ $$ $T$ $x$t$; SELECT $a_1@$;$a_1@$; SELECT $1; SELECT a$$;$$"),
              ElementsAre("SELECT $$;$$", "SELECT $t$ $$ $T$ $x$t$", "SELECT $a_1@$;$a_1@$", "SELECT $1", "SELECT a$$;$$"));
  EXPECT_THAT(crate("SELECT 1 -- a\r; x"), ElementsAre("SELECT 1 -- a", "x"));
  EXPECT_THAT(crate("SELECT `a;b`; SELECT a[1]; SELECT (1; 2)"),
              ElementsAre("SELECT `a;b`", "SELECT a[1]", "SELECT (1", "2)"));
}

TEST(Statements, OfPostgres) {
  const auto postgres = [](const std::string& text) { return split(Target::postgres, text); };
  EXPECT_THAT(postgres("SELECT E'a\\'b;c'; SELECT e'\\\\'; SELECT type'a\\'; SELECT _e'\\'; x"),
              ElementsAre("SELECT E'a\\'b;c'", "SELECT e'\\\\'", "SELECT type'a\\'", "SELECT _e'\\'", "x"));
  EXPECT_THAT(postgres("SELECT E'a''\\';b'; x"), ElementsAre("SELECT E'a''\\';b'", "x"));
  EXPECT_THAT(postgres("SELECT E'a' -- c\n '\\';b'; x"), ElementsAre("SELECT E'a' -- c\n '\\';b'", "x"));
  EXPECT_THAT(postgres("SELECT E'a' '\\';b"), ElementsAre("SELECT E'a' '\\'", "b"));
  EXPECT_THAT(postgres("SELECT E'a' -\n '\\';b"), ElementsAre("SELECT E'a' -\n '\\'", "b"));
  EXPECT_THAT(postgres("SELECT U&'\\0061\\'; SELECT U&\"a;\\\"; x"),
              ElementsAre("SELECT U&'\\0061\\'", "SELECT U&\"a;\\\"", "x"));
  EXPECT_THAT(postgres("SELECT /* a; /* nested; */ b; */ 1; z"), ElementsAre("SELECT /* a; /* nested; */ b; */ 1", "z"));
  EXPECT_THAT(postgres("SELECT /*/* ; */ ; **/ 1; SELECT 2*/**/3; z"),
              ElementsAre("SELECT /*/* ; */ ; **/ 1", "SELECT 2*/**/3", "z"));
  EXPECT_THAT(postgres("DO $$ BEGIN; END $$; DO $t$ ; $$ ; $t; $t$; SELECT $1; a$b$; c$b$"),
              ElementsAre("DO $$ BEGIN; END $$", "DO $t$ ; $$ ; $t; $t$", "SELECT $1", "a$b$", "c$b$"));
  EXPECT_THAT(postgres("SELECT $\xc3\xa9$;$\xc3\xa9$; SELECT 1$$;$$; SELECT $e'\\';'"),
              ElementsAre("SELECT $\xc3\xa9$;$\xc3\xa9$", "SELECT 1$$;$$", "SELECT $e'\\';'"));
  EXPECT_THAT(postgres("SELECT $a$;$b$;$a$; SELECT $ab$;$a$ab$; x"),
              ElementsAre("SELECT $a$;$b$;$a$", "SELECT $ab$;$a$ab$", "x"));
  EXPECT_THAT(postgres("SELECT 1 -- a\r; x"), ElementsAre("SELECT 1 -- a", "x"));
  EXPECT_THAT(postgres("CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b); x"),
              ElementsAre("CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b)", "x"));
  EXPECT_THAT(postgres("SELECT 1); x"), ElementsAre("SELECT 1)", "x"));
}

TEST(Statements, OfPostgresWithoutStandardStrings) {
  const auto old = [](const std::string& text) { return split(Target::postgres, text, true); };
  EXPECT_THAT(old("SELECT 'a\\';b'; SELECT \"\\\"; x"), ElementsAre("SELECT 'a\\';b'", "SELECT \"\\\"", "x"));
}

TEST(Statements, AtomicBodiesOfPostgres) {
  const std::string made =
      "CREATE OR REPLACE FUNCTION f(a int) RETURNS int\nBEGIN ATOMIC\n  SELECT CASE a WHEN 1 THEN 2 END;\n"
      "  SELECT (CASE WHEN a = 1 THEN 2 END), \"end\";\nEND";
  EXPECT_THAT(split(Target::postgres, made + "; SELECT 1"), ElementsAre(made, "SELECT 1"));
  EXPECT_THAT(split(Target::postgres, "create procedure p() begin /* c */ atomic x; end; y"),
              ElementsAre("create procedure p() begin /* c */ atomic x; end", "y"));
  EXPECT_THAT(split(Target::postgres, "BEGIN; SELECT 1; END; CREATE TABLE f (a int); BEGIN ATOMIC; x"),
              ElementsAre("BEGIN", "SELECT 1", "END", "CREATE TABLE f (a int)", "BEGIN ATOMIC", "x"));
  EXPECT_THAT(split(Target::postgres, "CREATE FUNCTION f() RETURNS text AS 'x' LANGUAGE sql; SELECT 2"),
              ElementsAre("CREATE FUNCTION f() RETURNS text AS 'x' LANGUAGE sql", "SELECT 2"));
  StatementSplitter splitter(Target::postgres);
  splitter.feed("CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;");
  EXPECT_EQ(splitter.next(), std::nullopt);
  EXPECT_EQ(splitter.place(), Place::body);
}

TEST(Statements, OfSqlite) {
  const auto sqlite = [](const std::string& text) { return split(Target::sqlite, text); };
  const std::string trigger =
      "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN\n  INSERT INTO b VALUES (CASE WHEN 1 THEN 2 END);\n"
      "  SELECT CASE 1 WHEN 1 THEN ';' END; -- end\n  DELETE FROM b; END";
  EXPECT_THAT(sqlite(trigger + "; SELECT 1;"), ElementsAre(trigger, "SELECT 1"));
  EXPECT_THAT(sqlite("explain query plan create trigger t begin x; end; y"),
              ElementsAre("explain query plan create trigger t begin x; end", "y"));
  EXPECT_THAT(sqlite("CREATE TABLE \"trigger\" (a); SELECT CASE 1 WHEN 1 THEN 2 END; END; x"),
              ElementsAre("CREATE TABLE \"trigger\" (a)", "SELECT CASE 1 WHEN 1 THEN 2 END", "END", "x"));
  EXPECT_THAT(sqlite("SELECT [a;b], `c;d`, x'00'; SELECT E'\\'; x"),
              ElementsAre("SELECT [a;b], `c;d`, x'00'", "SELECT E'\\'", "x"));
  EXPECT_THAT(sqlite("SELECT /* a /* b */ 1; SELECT $a; $b$; SELECT 1 -- a\r; 2"),
              ElementsAre("SELECT /* a /* b */ 1", "SELECT $a", "$b$", "SELECT 1 -- a\r; 2"));
}

TEST(Statements, Utf16IsNoSql) {
  EXPECT_TRUE(looks_like_utf16("\xff\xfeS"));
  EXPECT_TRUE(looks_like_utf16("\xfe\xff"));
  EXPECT_TRUE(looks_like_utf16(std::string_view("S\0E\0", 4)));
  EXPECT_TRUE(looks_like_utf16(std::string_view("\0S\0E", 4)));
  EXPECT_FALSE(looks_like_utf16("\xef\xbb\xbfSELECT"));
  EXPECT_FALSE(looks_like_utf16("S"));
}

const auto kPieces =
    rc::gen::element<std::string>("SELECT 1", ";", ";", "'", "\"", "--", "\n", "/*", "*/", "$$", "$t$", "a", " ", "-", "/",
                                  "\\", "E'", "[", "]", "`", "(", ")", "\r", "create ", "temp ", "trigger ", "explain ",
                                  "; end;", "end", "begin atomic ", "function ", "case ", "*");

std::string joined(const std::vector<std::string>& pieces) {
  std::string whole;
  for (const std::string& piece : pieces) whole += piece;
  return whole;
}

RC_GTEST_PROP(Statements, PiecesOfAnySizeGiveTheSame, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(kPieces);
  const Target dialect = *rc::gen::elementOf(std::vector<Target>(std::begin(kDialects), std::end(kDialects)));
  StatementSplitter splitter(dialect);
  std::vector<std::string> statements;
  for (const std::string& piece : pieces) {
    splitter.feed(piece);
    for (std::string& statement : all_of(splitter)) statements.push_back(std::move(statement));
  }
  if (auto last = splitter.rest()) statements.push_back(last->sql);
  RC_ASSERT(statements == split(dialect, joined(pieces)));
}

/// SQLite's own word on it: where the first statement is complete.
RC_GTEST_PROP(Statements, OfSqliteEndWhereSqliteSaysSo, ()) {
  const std::string text = joined(*rc::gen::container<std::vector<std::string>>(kPieces));
  SqlScanner scanner(Target::sqlite);
  for (size_t i = 0; i < text.size(); ++i) {
    const bool ends = scanner.take(text[i]);
    const bool complete = text[i] == ';' && sqlite3_complete(text.substr(0, i + 1).c_str()) != 0;
    RC_ASSERT(ends == complete);
    if (ends) break;
  }
}

}  // namespace
}  // namespace ctk::cli
