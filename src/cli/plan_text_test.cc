#include "cli/plan_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/reader.h"

namespace ctk::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

LoadFigures some() {
  LoadFigures figures;
  figures.items = 1234567;
  figures.bytes = 987;
  figures.shards = 3;
  figures.ways = {{"scan", 0.5, 1200, 3000.5, 0.000375}, {"export", 1.25, 7, 0, 12.3456}};
  figures.following = check::Following{1576800, 0.31536};
  figures.idle_poll = std::chrono::seconds(5);
  figures.ddl = {"CREATE TABLE \"demo\" (a)"};
  return figures;
}

TEST(PlanText, IsForPeople) {
  const std::string text = figures_text(some());
  EXPECT_THAT(text, HasSubstr("1,234,567 items, 987 bytes, 3 open shards\n"));
  EXPECT_THAT(text, HasSubstr("scan            0.50         1,200             3,001     $0.0004\n"));
  EXPECT_THAT(text, HasSubstr("export          1.25             7                 0      $12.35\n"));
  EXPECT_THAT(text, HasSubstr("(idle-poll=5s): 1,576,800 requests, $0.3154 a month\n"));
  EXPECT_THAT(text, HasSubstr("CREATE TABLE \"demo\" (a);\n"));
}

TEST(PlanText, SaysWhatIsNotKnown) {
  const std::string text = figures_text({});
  EXPECT_THAT(text, HasSubstr("unknown items, unknown bytes, unknown open shards\n"));
  EXPECT_THAT(text, HasSubstr("source-table=TABLE"));
  EXPECT_THAT(text, Not(HasSubstr("following")));
}

TEST(PlanText, OneIsNotMany) {
  LoadFigures figures = some();
  figures.items = figures.bytes = figures.shards = 1;
  EXPECT_THAT(figures_text(figures), HasSubstr("1 item, 1 byte, 1 open shard\n"));
}

TEST(PlanText, AFileHasItsBytes) {
  LoadFigures figures;
  figures.is_file = true;
  figures.bytes = 4321;
  EXPECT_EQ(figures_text(figures), "4,321 bytes in the file; reading it counts its items, and costs nothing\n");
}

TEST(PlanText, IsOneObjectInJson) {
  const std::string text = figures_json(some());
  EXPECT_THAT(text, testing::StartsWith(
                        R"x({"items":1234567,"bytes":987,"shards":3,"ways":[{"way":"scan","hours":0.5,"requests":1200,)x"
                        R"x("capacity_units":3000.5,"dollars":0.000375},{"way":"export",)x"));
  EXPECT_THAT(text, HasSubstr(R"x("following":{"requests_per_month":1576800,"dollars_per_month":0.31536},"prices":{)x"));
  EXPECT_THAT(text, HasSubstr(R"x("ddl":["CREATE TABLE \"demo\" (a)"]})x"));
  json::Parser parser;
  EXPECT_TRUE(parser.parse(text));
  const std::string nothing = R"x({"items":null,"bytes":null,"shards":null,"ways":[],"following":null,)x";
  EXPECT_THAT(figures_json({}), testing::StartsWith(nothing));
}

}  // namespace
}  // namespace ctk::cli
