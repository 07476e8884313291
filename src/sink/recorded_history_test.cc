#include "sink/recorded_history.h"

#include <gtest/gtest.h>

#include <sstream>

namespace ctk::sink {
namespace {

TEST(RecordedHistory, StandsBesideTheNamesOfColumns) {
  coordination::TableRecord record;
  record.names = {{"data", "data_1"}};
  EXPECT_EQ(recorded_history(record), "");
  record_history(record, "demo_history");
  EXPECT_EQ(recorded_history(record), "demo_history");
  EXPECT_EQ(coordination::names_json(record.names), R"({"":"demo_history","data":"data_1"})");
  EXPECT_EQ(coordination::parse_names(coordination::names_json(record.names)), record.names);
  record_history(record, "other");
  EXPECT_EQ(recorded_history(record), "other");
  record_history(record, "");
  EXPECT_EQ(record.names, (std::map<std::string, std::string>{{"data", "data_1"}}));
}

}  // namespace
}  // namespace ctk::sink
