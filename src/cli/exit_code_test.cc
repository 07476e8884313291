#include "cli/exit_code.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ctk::cli {
namespace {

constexpr const char* kWords = "ERROR:  no column\nLINE 1: x\n        ^";

TEST(ErrorText, IsOneLineAndAHint) {
  EXPECT_EQ(error_text({ErrorKind::refused, "it failed", "why\nthat", "do\nthis"}),
            "ctk: it failed: why that\n  hint: do this\n");
  EXPECT_EQ(error_text({ErrorKind::refused, "it failed", "", ""}), "ctk: it failed\n");
}

TEST(ErrorText, OfAStatementKeepsItsLines) {
  EXPECT_EQ(statement_error_text({ErrorKind::refused, "refused", kWords, ""}),
            std::string("ctk: refused: ") + kWords + "\n");
  EXPECT_EQ(statement_error_text({ErrorKind::unreachable, "lost", "gone\n\tfor good", ""}), "ctk: lost: gone  for good\n");
}

TEST(ErrorText, DoesNothingToATerminal) {
  constexpr const char* kNasty = "no such \x1b]0;x\x07";
  constexpr const char* kShown = "no such \\x1b]0;x\\x07";
  EXPECT_EQ(error_text({ErrorKind::refused, kNasty, kNasty, kNasty}), fmt::format("ctk: {0}: {0}\n  hint: {0}\n", kShown));
  EXPECT_EQ(statement_error_text({ErrorKind::refused, kNasty, std::string(kNasty) + "\n\x9b\r", ""}),
            fmt::format("ctk: {0}: {0}\n\\x9b \n", kShown));
}

}  // namespace
}  // namespace ctk::cli
