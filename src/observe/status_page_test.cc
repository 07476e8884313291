#include "observe/status_page.h"

#include <gmock/gmock.h>

namespace ctk::observe {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(StatusPage, ThePolicyLetsItsOwnScriptAndStyleBeUsedAlone) {
  // The hash is that of `printf 'alert(1)' | openssl dgst -sha256 -binary | base64`, and of 'p{}'.
  const std::string policy = content_policy("<style>p{}</style><script>alert(1)</script>");
  EXPECT_THAT(policy, StartsWith("default-src 'none'; "));
  EXPECT_THAT(policy, HasSubstr("script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='; "));
  EXPECT_THAT(policy, HasSubstr("connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
}

TEST(StatusPage, NamesNobodyElse) {
  EXPECT_THAT(std::string(kPageHtml), StartsWith("<!doctype html>"));
  EXPECT_THAT(std::string(kPageHtml), Not(HasSubstr("https://")));
  EXPECT_THAT(std::string(kPageHtml), Not(HasSubstr("src=")));
}

TEST(StatusPage, PutsTextsInAsTextsOnly) {
  for (const char* way : {"innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(",
                          "setTimeout('", " onclick=", " style="})
    EXPECT_THAT(std::string(kPageHtml), Not(HasSubstr(way)));
}

}  // namespace
}  // namespace ctk::observe
