#include "sim/in_process_writes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/answer.h"

namespace ctk::sim {
namespace {

class InProcessWritesTest : public testing::Test {
 protected:
  Result<aws::WriteOutcome> write(aws::ItemWrite::Kind kind, std::string subject, std::string expression,
                                  std::string condition, std::map<std::string, std::string> values = {}) {
    const aws::ItemWrite request{.table = aws::TableName("leases"),
                                 .kind = kind,
                                 .subject = std::move(subject),
                                 .update = std::move(expression),
                                 .condition = std::move(condition),
                                 .names = {},
                                 .values = std::move(values)};
    return answer_of<aws::WriteOutcome>(loop, [&](auto done) { api.write_item(request, std::move(done)); });
  }
  Result<aws::TableDescription> create() {
    return answer_of<aws::TableDescription>(
        loop, [&](auto done) { api.create_table({aws::TableName("leases"), {{"pk", 'S'}}}, std::move(done)); });
  }

  using enum aws::ItemWrite::Kind;
  const std::string kKey = R"({"pk":{"S":"a"}})";
  VirtualLoop loop{from_micros(1'795'318'371'000'000)};
  Random random{1};
  DynamoDbStreams streams{{}};
  DynamoDb service{{}, streams, random};
  InProcessWrites api{service, {loop, loop, random}};
};

TEST_F(InProcessWritesTest, WritesOnConditionsAndShowsWhatIsInTheWay) {
  EXPECT_EQ(create().value().status, "ACTIVE");
  EXPECT_EQ(create().error().kind, ErrorKind::unreachable);
  EXPECT_TRUE(write(put, R"({"pk":{"S":"a"},"n":{"N":"7"}})", "", "attribute_not_exists(pk)").value().applied);
  const auto again = write(put, R"({"pk":{"S":"a"},"n":{"N":"1"}})", "", "attribute_not_exists(pk)").value();
  EXPECT_FALSE(again.applied);
  EXPECT_EQ(again.item, R"({"n":{"N":"7"},"pk":{"S":"a"}})");
  const std::map<std::string, std::string> values{{":n", R"({"N":"7"})"}, {":m", R"({"N":"8"})"}};
  const auto updated = write(update, kKey, "SET n = :m", "n = :n", values).value();
  EXPECT_TRUE(updated.applied);
  EXPECT_EQ(updated.item, R"({"n":{"N":"8"},"pk":{"S":"a"}})");
  EXPECT_FALSE(write(update, kKey, "SET n = :m", "n = :n", values).value().applied);
  EXPECT_FALSE(write(remove, kKey, "", "n = :n", {{":n", R"({"N":"7"})"}}).value().applied);
  EXPECT_TRUE(write(remove, kKey, "", "n = :n", {{":n", R"({"N":"8"})"}}).value().applied);
  const auto missing = write(update, kKey, "SET n = :m", "n = :n", values).value();
  EXPECT_FALSE(missing.applied);
  EXPECT_EQ(missing.item, std::nullopt);
  EXPECT_EQ(api.writes(), 7u);
}

TEST_F(InProcessWritesTest, GivesErrorsTheirKinds) {
  EXPECT_EQ(write(put, R"({"pk":{"S":"a"}})", "", "").error().kind, ErrorKind::not_found);
  EXPECT_TRUE(create());
  EXPECT_EQ(write(update, kKey, "SET n = :m", "", {}).error().kind, ErrorKind::refused);
  EXPECT_EQ(write(update, kKey, "REMOVE n", "", {{":n", R"({"N":"7"})"}}).error().kind, ErrorKind::refused);
  api.settings().faults = {.throttled = 1};
  EXPECT_EQ(write(put, R"({"pk":{"S":"a"}})", "", "").error().kind, ErrorKind::throttled);
}

}  // namespace
}  // namespace ctk::sim
