#include "coordination/kcl_reports.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "coordination/lease.h"
#include "dynamodb/number.h"
#include "json/reader.h"

namespace ctk::coordination {
namespace {

/// In seconds; beyond it no calendar goes.
constexpr int64_t kLastReport = 1LL << 40;
constexpr std::string_view kReportType = "WORKER_METRIC_STATS";
constexpr const char* kOurs = "ctkWorker";
/// That all the rows move into the lease table: who reads them in both places, and reports where others do, is ready.
constexpr int64_t kKnownChanges = 1;

std::string member_of(json::Element item, std::string_view name, std::string_view tag) {
  const auto value = json::member(item, name);
  const auto text = value ? json::string_member(*value, tag) : std::nullopt;
  return std::string(text.value_or(""));
}

}  // namespace

void add_kcl_report(std::string_view item, KclReports& reports) {
  json::Parser parser;
  const auto row = parser.parse(item);
  if (!row || json::member(*row, kOurs)) return;
  const std::string reported = member_of(*row, "lut", "N");
  const auto seconds = dynamodb::exact_int64(reported);
  if (reported.empty() || !seconds || *seconds < 0 || *seconds > kLastReport) return;
  const bool is_report = member_of(*row, "entityType", "S") == kReportType;
  std::string worker = member_of(*row, "wid", "S");
  if (worker.empty() && is_report) worker = member_of(*row, "leaseKey", "S");
  if (worker.empty()) return;
  reports[WorkerName(std::move(worker))] = Timestamp(std::chrono::seconds(*seconds));
}

aws::ItemWrite report_to_kcl(const KclTables& tables, const WorkerName& worker, Timestamp now) {
  const std::string seconds = number_value(to_micros(now) / 1'000'000);
  aws::ItemWrite write = unreport_to_kcl(tables, worker);
  write.kind = aws::ItemWrite::Kind::update;
  const std::pair<const char*, std::string> attributes[] = {
      {"entityType", text_value(kReportType)}, {"lut", seconds}, {"sts", R"({"M":{}})"},     {"opr", R"({"M":{}})"},
      {"sup", number_value(kKnownChanges)},    {"slu", seconds}, {kOurs, R"({"BOOL":true})"}};
  for (const auto& [name, value] : attributes) {
    write.update += fmt::format("{} #{} = :{}", write.update.empty() ? "SET" : ",", name, name);
    write.names[fmt::format("#{}", name)] = name;
    write.values[fmt::format(":{}", name)] = value;
  }
  return write;
}

aws::ItemWrite unreport_to_kcl(const KclTables& tables, const WorkerName& worker) {
  return {.table = tables.reports,
          .kind = aws::ItemWrite::Kind::remove,
          .subject = fmt::format(R"({{"{}":{}}})", tables.worker, text_value(worker.str())),
          .update = {},
          .condition = {}};
}

}  // namespace ctk::coordination
