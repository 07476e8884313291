#include "coordination/kcl_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctk::coordination {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;

const Timestamp kNow(seconds(1'796'027'613));

KclReports reports(std::initializer_list<std::string_view> items) {
  KclReports found;
  for (const std::string_view item : items) add_kcl_report(item, found);
  return found;
}

// As seen in tables of versions 3.5 and 3.1.
constexpr std::string_view kInLeaseTable =
    R"({"opr":{"M":{}},"sts":{"M":{}},"entityType":{"S":"WORKER_METRIC_STATS"},"lut":{"N":"1796027613"},)"
    R"("leaseKey":{"S":"java-1"},"slu":{"N":"1796027613"},"sup":{"N":"1"}})";
constexpr std::string_view kBeside = R"({"opr":{"M":{}},"sts":{"M":{}},"lut":{"N":"1796027600"},"wid":{"S":"java-2"}})";

TEST(KclReports, AreReadFromTheirRows) {
  EXPECT_EQ(reports({kInLeaseTable, kBeside}),
            (KclReports{{WorkerName("java-1"), kNow}, {WorkerName("java-2"), kNow - seconds(13)}}));
}

TEST(KclReports, OtherRowsAreNone) {
  EXPECT_THAT(reports({R"({"leaseKey":{"S":"shardId-000000000000"},"leaseCounter":{"N":"3"}})",
                       R"({"leaseKey":{"S":"Leader"},"entityType":{"S":"LEADER"},"lut":{"N":"1796027613"}})",
                       R"({"wid":{"S":"x"},"lut":{"S":"7"}})", R"({"wid":{"S":"x"},"lut":{"N":"-7"}})",
                       R"({"wid":{"S":"x"},"lut":{"N":"1e30"}})", "no JSON"}),
              IsEmpty());
}

TEST(KclReports, OursTellNothingOfTheLibrary) {
  const std::string ours =
      std::string(kInLeaseTable.substr(0, kInLeaseTable.size() - 1)) + R"(,"ctkWorker":{"BOOL":true}})";
  EXPECT_THAT(reports({ours}), IsEmpty());
}

// As the library's own (kInLeaseTable), and ours beside it.
TEST(KclReports, OursIsAsTheirs) {
  const aws::ItemWrite write =
      report_to_kcl(kcl_tables(KclPlace::in_lease_table, aws::TableName("app")), WorkerName("ctk-1"), kNow);
  EXPECT_EQ(write.table, aws::TableName("app"));
  EXPECT_EQ(write.subject, R"({"leaseKey":{"S":"ctk-1"}})");
  EXPECT_EQ(write.update,
            "SET #entityType = :entityType, #lut = :lut, #sts = :sts, #opr = :opr, #sup = :sup, #slu = :slu, "
            "#ctkWorker = :ctkWorker");
  EXPECT_EQ(write.values, (std::map<std::string, std::string>{{":entityType", R"({"S":"WORKER_METRIC_STATS"})"},
                                                              {":lut", R"({"N":"1796027613"})"},
                                                              {":sts", R"({"M":{}})"},
                                                              {":opr", R"({"M":{}})"},
                                                              {":sup", R"({"N":"1"})"},
                                                              {":slu", R"({"N":"1796027613"})"},
                                                              {":ctkWorker", R"({"BOOL":true})"}}));
  EXPECT_EQ(write.names.size(), 7u);
  EXPECT_TRUE(write.condition.empty());
}

TEST(KclReports, OursIsTakenBack) {
  const aws::ItemWrite write =
      unreport_to_kcl(kcl_tables(KclPlace::beside_it, aws::TableName("app")), WorkerName("ctk \"1\""));
  EXPECT_EQ(write.kind, aws::ItemWrite::Kind::remove);
  EXPECT_EQ(write.table, aws::TableName("app-WorkerMetricStats"));
  EXPECT_EQ(write.subject, R"({"wid":{"S":"ctk \"1\""}})");
}

}  // namespace
}  // namespace ctk::coordination
