#include "cli/catalogue.h"

#include <gmock/gmock.h>

namespace ctk::cli {
namespace {

using table::Target;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Completions, AreNamesAndWordsInTheCaseThatWasBegun) {
  const std::vector<std::string> names = {"orders", "\"Order lines\"", "sel"};
  EXPECT_THAT(completions("sel", names), ElementsAre("sel", "select"));
  EXPECT_THAT(completions("SEL", names), ElementsAre("sel", "SELECT"));
  EXPECT_THAT(completions("ord", names), ElementsAre("orders", "\"Order lines\"", "order by"));
  EXPECT_THAT(completions("\"O", names), ElementsAre("\"Order lines\""));
  EXPECT_THAT(completions("xyz", names), ElementsAre());
  EXPECT_EQ(completions("", names), names);
}

TEST(Completions, OfferNamesAsTheyMustBeWritten) {
  sink::ResultSet names;
  names.rows = {{"public", "Orders", "a\"b"}, {"public", "orders", std::nullopt}, {"public", "1st", "sort_key"}};
  EXPECT_THAT(names_to_offer(Target::postgres, names),
              ElementsAre("\"1st\"", "\"Orders\"", "\"a\"\"b\"", "orders", "public", "sort_key"));
  EXPECT_THAT(names_to_offer(Target::sqlite, names), Contains("Orders"));
}

TEST(Catalogue, QuotesNames) {
  for (const Target dialect : {Target::cratedb, Target::postgres, Target::sqlite}) {
    EXPECT_THAT(describe_table_sql(dialect, {"s", "it's"}), HasSubstr("'it''s'"));
  }
  EXPECT_THAT(describe_table_sql(Target::mariadb, {"s", R"(it\'s)"}), HasSubstr(R"('it\\''s')"));
}

}  // namespace
}  // namespace ctk::cli
