#include "cli/check_text.h"

#include <gtest/gtest.h>

namespace ctk::cli {
namespace {

using enum check::Verdict;

const check::Findings kFindings = {{ok, "clock", "as the service's"},
                                   {warn, "stream", "says \"no\"\nand more", "wait"},
                                   {fail, "permission dynamodb:Scan", "not allowed", "allow it"}};

TEST(CheckText, IsALineACheck) {
  EXPECT_EQ(findings_text(kFindings),
            "ok clock: as the service's\n"
            "warn stream: says \"no\" and more (wait)\n"
            "fail permission dynamodb:Scan: not allowed (allow it)\n");
}

TEST(CheckText, IsAnArrayInJson) {
  EXPECT_EQ(findings_json(kFindings),
            R"([{"check":"clock","result":"ok","says":"as the service's","hint":""},)"
            R"({"check":"stream","result":"warn","says":"says \"no\"\nand more","hint":"wait"},)"
            R"({"check":"permission dynamodb:Scan","result":"fail","says":"not allowed","hint":"allow it"}])"
            "\n");
  EXPECT_EQ(findings_json({}), "[]\n");
}

TEST(CheckText, OnlyAFailureFails) {
  EXPECT_TRUE(any_failed(kFindings));
  EXPECT_FALSE(any_failed({kFindings[0], kFindings[1]}));
}

}  // namespace
}  // namespace ctk::cli
