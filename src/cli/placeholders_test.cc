#include "cli/placeholders.h"

#include <gmock/gmock.h>

namespace ctk::cli {
namespace {

using testing::HasSubstr;

const aws::Environment kEnvironment = {
    {{"HOST", "db.example:5432"}, {"EMPTY", ""}, {"URL", "postgresql://u:p@h/d?table=t"}, {"PW", "p@ss/w%41"}},
    "/home",
    {},
    [](const std::string& path) -> Result<std::string> {
      if (path == "/run/secrets/pw") return "from a file\n";
      return fail(ErrorKind::not_found, "No such file or directory");
    }};

std::string filled(std::string_view text) {
  const auto result = fill_placeholders(text, kEnvironment);
  return result ? result->text : "error: " + result.error().message;
}

TEST(Placeholders, StandForVariables) {
  EXPECT_EQ(filled("nothing here"), "nothing here");
  EXPECT_EQ(filled("crate://${HOST}/doc?x=${EMPTY}!"), "crate://db.example:5432/doc?x=!");
  EXPECT_EQ(filled("${URL}"), "postgresql://u:p@h/d?table=t");
}

TEST(Placeholders, StandForFilesWithoutTheirLineEnd) {
  const auto result = fill_placeholders("${file:/run/secrets/pw}.", kEnvironment);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->text, "from a file.");
  EXPECT_EQ(result->secrets, std::vector{Secret("from a file")});
}

TEST(Placeholders, APasswordMayHoldAnything) {
  EXPECT_EQ(filled("postgresql://u:${PW}@${HOST}/d"), "postgresql://u:p%40ss%2Fw%2541@db.example:5432/d");
  EXPECT_EQ(filled("postgresql://${PW}:x@h/d"), "postgresql://p%40ss%2Fw%2541:x@h/d");
  EXPECT_EQ(filled("postgresql://h/${PW}@"), "postgresql://h/p@ss/w%41@") << "a path";
}

TEST(Placeholders, TwoDollarsAreText) {
  EXPECT_EQ(filled("a$${HOST}"), "a${HOST}");
  EXPECT_EQ(filled("costs $5"), "costs $5");
}

TEST(Placeholders, WhatIsNotThereIsAnError) {
  EXPECT_THAT(filled("${NOBODY}"), HasSubstr("the variable NOBODY is not set"));
  EXPECT_THAT(filled("${file:/nowhere}"), HasSubstr("the file /nowhere of ${file:/nowhere} cannot be read: No such"));
  EXPECT_THAT(filled("${HOST"), HasSubstr("does not end"));
  EXPECT_THAT(filled("${}"), HasSubstr("has no name"));
}

}  // namespace
}  // namespace ctk::cli
