// Where EC2's metadata service is. Only its second version is spoken, which asks for a token first.
#pragma once

#include <optional>
#include <string_view>

#include "aws/credentials/credential_plan.h"
#include "aws/profile.h"

namespace ctk::aws {

/// AWS_EC2_METADATA_SERVICE_ENDPOINT, the profile's, or the address of the mode (AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE,
/// the profile's): IPv4 or IPv6. Nothing where AWS_EC2_METADATA_DISABLED is true; `usage` where one of them is no address
/// or no mode.
Result<std::optional<InstanceMetadata>> read_instance_metadata(const Profile& profile, const Environment& environment);

/// The first line, if it can stand in a path: what the service gives as the name of the instance's role.
std::optional<std::string> role_of_listing(std::string_view listing);

}  // namespace ctk::aws
