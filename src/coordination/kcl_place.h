// Where the workers of the Kinesis Client Library 3 keep what they know of each other, beside the leases: from version 3.5
// on in the lease table itself, before in two tables of their own, NAME-CoordinatorState and NAME-WorkerMetricStats.
//
// Source: seen in tables of versions 3.1 and 3.5 (testdata/).
#pragma once

#include <array>
#include <string>

#include "aws/ids.h"

namespace ctk::coordination {

enum class KclPlace { in_lease_table, beside_it };
inline constexpr std::array kKclPlaces{KclPlace::in_lease_table, KclPlace::beside_it};

struct KclTables {
  aws::TableName coordinator;
  std::string leader;     ///< the key of the row Leader there; DynamoDB JSON
  std::string migration;  ///< of Migration3.0
  aws::TableName reports;
  std::string worker;  ///< the key's attribute there
};
KclTables kcl_tables(KclPlace place, const aws::TableName& leases);

}  // namespace ctk::coordination
