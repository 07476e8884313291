#include "cli/exit_code.h"

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
  EXPECT_EQ(statement_error_text({ErrorKind::unreachable, "lost", "gone\n\tfor good", ""}), "ctk: lost: gone \tfor good\n");
}

}  // namespace
}  // namespace ctk::cli
