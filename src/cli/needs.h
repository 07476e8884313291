// From a load's plan to what of AWS it reads. Pure.
#pragma once

#include "check/permissions.h"
#include "cli/load_plan.h"

namespace ctk::cli {

/// Nothing for a file.
check::SourceNeeds needs_of(const SourcePlan& plan);
/// The tables of its leases, where it shares them with others.
std::vector<std::string> lease_tables_of(const LoadPlan& plan);

/// The table whose settings are of interest: the source's own, or that of a Kinesis stream where it is known; may be empty.
std::string table_of(const SourcePlan& plan);

/// Where STS is asked who we are: where AWS's tools would, but beside an emulator that emulator.
struct IdentityEndpoint {
  aws::ServiceEndpoint sts;
  bool borrowed = false;  ///< it is the emulator's
};
IdentityEndpoint identity_endpoint(const SourcePlan& plan, const aws::Environment& environment);

}  // namespace ctk::cli
