#include "cli/engine_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/environment_testing.h"

namespace ctk::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> split(std::string_view line) {
  const auto words = split_words(line);
  if (!words) ADD_FAILURE() << to_string(words.error());
  return words.value_or(std::vector<std::string>{});
}

TEST(SplitWords, AsAShellDoes) {
  EXPECT_THAT(split(""), IsEmpty());
  EXPECT_THAT(split("  \n"), IsEmpty());
  EXPECT_THAT(split("--a b\t--c=d\n"), ElementsAre("--a", "b", "--c=d"));
  EXPECT_THAT(split(R"(--rename 'a b:c' "d\"e\\\n" f\ g)"), ElementsAre("--rename", "a b:c", "d\"e\\\\n", "f g"));
  EXPECT_THAT(split(R"(a''b "" 'it'\''s')"), ElementsAre("ab", "", "it's"));
  EXPECT_THAT(split(R"('\' end\)"), ElementsAre("\\", "end\\"));
}

TEST(SplitWords, AnOpenQuoteIsRefused) {
  for (const char* line : {"a 'b", "\"", "\"a\\\""}) {
    const auto words = split_words(line);
    ASSERT_FALSE(words) << line;
    EXPECT_EQ(words.error().kind, ErrorKind::usage);
    EXPECT_THAT(words.error().message, HasSubstr("CTK_OPTIONS"));
  }
}

TEST(EngineWords, TheCommandLinesOwnComeLast) {
  const aws::Environment environment =
      aws::environment_of({{"CTK_TARGET", "sqlite:///a.db"}, {"CTK_OPTIONS", "--table x --quiet"}});
  const auto words = with_engine_words({"kcl-processor", "--table", "y"}, environment);
  ASSERT_TRUE(words);
  EXPECT_THAT(*words, ElementsAre("kcl-processor", "--target=sqlite:///a.db", "--table", "x", "--quiet", "--table", "y"));
  EXPECT_THAT(*with_engine_words({"load", "x"}, environment), ElementsAre("load", "x"));
}

TEST(EngineWords, LambdasLogIsJsonUnlessSomebodySaysOtherwise) {
  const aws::Environment environment =
      aws::environment_of({{"CTK_TARGET", "sqlite:///a.db"}, {"CTK_OPTIONS", "--log-format logfmt"}});
  EXPECT_THAT(*with_engine_words({"lambda"}, environment),
              ElementsAre("lambda", "--log-format=json", "--target=sqlite:///a.db", "--log-format", "logfmt"));
}

TEST(EngineWords, AProgramThatLambdaStarts) {
  const aws::Environment within = aws::environment_of({{"AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"}});
  EXPECT_THAT(words_of_program("/var/task/bootstrap", {}, within), ElementsAre("lambda"));
  EXPECT_THAT(words_of_program("bootstrap", {"--quiet"}, within), ElementsAre("lambda", "--quiet"));
  EXPECT_THAT(words_of_program("bootstrap", {"lambda"}, within), ElementsAre("lambda"));
  const aws::Environment emulated =
      aws::environment_of({{"AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"}, {"_HANDLER", "handler"}});
  EXPECT_THAT(words_of_program("bootstrap", {"handler"}, emulated), ElementsAre("lambda"));
  EXPECT_THAT(words_of_program("bootstrap", {"sqlite:///a.db"}, emulated), ElementsAre("lambda", "sqlite:///a.db"));
  EXPECT_THAT(words_of_program("/usr/bin/ctk", {"load"}, within), ElementsAre("load"));
  EXPECT_THAT(words_of_program("bootstrap", {"--help"}, {}), ElementsAre("--help"));
}

}  // namespace
}  // namespace ctk::cli
