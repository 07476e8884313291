// The cases of the conformance suite: rows.
#include "sink/conformance_test.h"

#include <rapidcheck.h>

#include <algorithm>

namespace ctk::sink::testing {
namespace {

using Kind = ChangeOutcome::Kind;

TEST_P(Conformance, AChangeBecomesARow) {
  auto change = put(1, text_key("a"), R"({"n":{"N":"1.50"},"s":{"S":"x"}})");
  open(*change);
  BatchOutcome outcome = apply(Changes{change});
  ASSERT_EQ(outcome.tables.size(), 1u);
  ASSERT_EQ(outcome.tables[0].size(), 1u);
  EXPECT_EQ(outcome.tables[0][0].kind, Kind::applied);
  auto stored = items();
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(stored["a"], expected(R"({"n":{"N":"1.5"},"s":{"S":"x"}})"));
}

}  // namespace
}  // namespace ctk::sink::testing
