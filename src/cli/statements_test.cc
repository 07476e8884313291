#include "cli/statements.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace ctk::cli {
namespace {

using testing::ElementsAre;

std::vector<std::string> split(const std::string& text) {
  StatementSplitter splitter;
  splitter.feed(text);
  std::vector<std::string> statements;
  while (auto statement = splitter.next()) statements.push_back(*statement);
  if (auto last = splitter.rest()) statements.push_back(*last);
  return statements;
}

TEST(Statements, EndAtSemicolons) {
  EXPECT_THAT(split("SELECT 1; SELECT 2 ;;\n SELECT 3"), ElementsAre("SELECT 1", "SELECT 2", "SELECT 3"));
  EXPECT_THAT(split(" ; \n;"), ElementsAre());
  EXPECT_THAT(split("-- nothing; here\n"), ElementsAre());
}

TEST(Statements, QuotesAndCommentsHoldSemicolons) {
  EXPECT_THAT(split("SELECT 'a;b', \"c;d\", 'it''s;'; x"), ElementsAre("SELECT 'a;b', \"c;d\", 'it''s;'", "x"));
  EXPECT_THAT(split("SELECT 1 -- no; end\n, 2; y"), ElementsAre("SELECT 1 -- no; end\n, 2", "y"));
  EXPECT_THAT(split("SELECT /* a; /* nested; */ b; */ 1; z"), ElementsAre("SELECT /* a; /* nested; */ b; */ 1", "z"));
  EXPECT_THAT(split("DO $$ BEGIN; END $$; DO $t$ ; $$ ; $t$; SELECT $1; a$b$; c$b$"),
              ElementsAre("DO $$ BEGIN; END $$", "DO $t$ ; $$ ; $t$", "SELECT $1", "a$b$", "c$b$"));
  EXPECT_THAT(split("SELECT 1 - 2; SELECT 4 / 2; SELECT 'open; x"),
              ElementsAre("SELECT 1 - 2", "SELECT 4 / 2", "SELECT 'open; x"));
}

TEST(Statements, ComeAsSoonAsTheyAreWhole) {
  StatementSplitter splitter;
  splitter.feed("SELECT 'a");
  EXPECT_EQ(splitter.next(), std::nullopt);
  EXPECT_TRUE(splitter.pending());
  splitter.feed(";b';");
  EXPECT_EQ(splitter.next(), "SELECT 'a;b'");
  EXPECT_FALSE(splitter.pending());
}

RC_GTEST_PROP(Statements, PiecesOfAnySizeGiveTheSame, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("SELECT 1", ";", "'", "\"", "--", "\n", "/*", "*/", "$$", "$t$", "a", " ", "-", "/"));
  std::string whole;
  StatementSplitter splitter;
  std::vector<std::string> statements;
  for (const std::string& piece : pieces) {
    whole += piece;
    splitter.feed(piece);
  }
  while (auto statement = splitter.next()) statements.push_back(*statement);
  if (auto last = splitter.rest()) statements.push_back(*last);
  RC_ASSERT(statements == split(whole));
  for (const std::string& statement : statements) RC_ASSERT(has_sql(statement));
}

}  // namespace
}  // namespace ctk::cli
