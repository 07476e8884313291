#include "coordination/kcl_place.h"

namespace ctk::coordination {

KclTables kcl_tables(KclPlace place, const aws::TableName& leases) {
  if (place == KclPlace::in_lease_table)
    return {.coordinator = leases,
            .leader = R"({"leaseKey":{"S":"Leader"}})",
            .migration = R"({"leaseKey":{"S":"Migration3.0"}})",
            .reports = leases,
            .worker = "leaseKey"};
  return {.coordinator = aws::TableName(leases.str() + "-CoordinatorState"),
          .leader = R"({"key":{"S":"Leader"}})",
          .migration = R"({"key":{"S":"Migration3.0"}})",
          .reports = aws::TableName(leases.str() + "-WorkerMetricStats"),
          .worker = "wid"};
}

}  // namespace ctk::coordination
