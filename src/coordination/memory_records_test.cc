#include "coordination/memory_records.h"

#include <gtest/gtest.h>

namespace ctk::coordination {
namespace {

TableRegistration registration_of(const std::string& source) {
  TableRegistration registration;
  registration.table = "demo";
  registration.source_table = source;
  return registration;
}

TEST(MemoryRecords, ARegistrationIsDecidedOnWhatStandsThere) {
  MemoryRecords records;
  EXPECT_TRUE(records.empty());
  ASSERT_TRUE(records.register_table(registration_of("orders"), {{"a b", "a_b"}}));
  EXPECT_TRUE(records.contains("demo"));
  const auto refused = records.register_table(registration_of("customers"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
  ASSERT_EQ(records.all().size(), 1U);
  EXPECT_EQ(records.all()[0].source_table, "orders");
  EXPECT_EQ(records.all()[0].names.at("a b"), "a_b");
}

TEST(MemoryRecords, ALoadThatIsOverIsComplete) {
  MemoryRecords records;
  EXPECT_EQ(records.finish_load("demo", Timestamp()).error().kind, ErrorKind::internal);
  ASSERT_TRUE(records.register_table(registration_of("orders")));
  const Timestamp now = from_micros(7);
  const auto record = records.finish_load("demo", now);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->load, LoadState::complete);
  EXPECT_EQ(record->loaded, now);
  EXPECT_EQ(records.all(), std::vector{*record});
}

}  // namespace
}  // namespace ctk::coordination
