// Who calls the simulated services, what a call needs, and whether a policy lets it. Resources are as the Service
// Authorization Reference has them for Amazon DynamoDB and Amazon Kinesis Data Streams.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/faults.h"
#include "sim/iam_policy.h"
#include "sim/service_error.h"
#include "sim/services.h"

namespace ctk::sim {

/// "arn:aws:iam::000000000000:user/KEY" of a request that KEY has signed: every access key is a user.
std::string caller_of(std::string_view authorization, const std::string& account);

/// "dynamodb:GetRecords": table and stream have one prefix.
std::string action_of(ServiceName service, std::string_view action);

/// `body`: of the request, in JSON.
std::vector<IamAccess> accesses_of(const Services& services, ServiceName service, std::string_view action,
                                   std::string_view body);

/// AccessDeniedException in the services' own words.
Answer<void> authorise(const IamPolicy& policy, const std::string& caller, const std::vector<IamAccess>& accesses);

}  // namespace ctk::sim
