#include "cli/dotenv.h"

#include <gmock/gmock.h>

namespace ctk::cli {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(DotEnv, Assignments) {
  EXPECT_THAT(parse_dotenv("# comment\n"
                           "A=1\n"
                           "  export B = two words # and a comment\r\n"
                           "C='single # \\n'\n"
                           "D=\"double\\n\\\"quoted\\\" # no comment\" # comment\n"
                           "E=\n"
                           "F=a#b=c\n"
                           "\n"
                           "not an assignment\n"
                           "1X=no\n"
                           "URL=crate://u:p@h:4200/?ssl=true"),
              ElementsAre(Pair("A", "1"), Pair("B", "two words"), Pair("C", "single # \\n"),
                          Pair("D", "double\n\"quoted\" # no comment"), Pair("E", ""), Pair("F", "a#b=c"),
                          Pair("URL", "crate://u:p@h:4200/?ssl=true")));
}

TEST(DotEnv, NothingAndHalfOfSomething) {
  EXPECT_THAT(parse_dotenv(""), ElementsAre());
  EXPECT_THAT(parse_dotenv("A='open\nB=\"open\\"), ElementsAre(Pair("A", "open"), Pair("B", "open\\")));
}

}  // namespace
}  // namespace ctk::cli
