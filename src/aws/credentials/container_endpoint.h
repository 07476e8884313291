// The endpoint that a container's surroundings give: ECS (a path on a fixed address) and EKS Pod Identity (an address, and
// a file with a token). Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
#pragma once

#include <optional>

#include "aws/credentials/credential_plan.h"

namespace ctk::aws {

/// Nothing where neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set. An address
/// that is not https must be this machine's own or one of the two services', for the token goes there: else `usage`.
Result<std::optional<ContainerEndpoint>> read_container_endpoint(const Environment& environment);

/// What goes into the Authorization header, or nothing: the content of the token file, which changes, else the token.
Result<std::optional<Secret>> container_token(const ContainerEndpoint& endpoint, const Environment& environment);

}  // namespace ctk::aws
