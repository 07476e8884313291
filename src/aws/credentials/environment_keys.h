// Keys in the environment.
#pragma once

#include <optional>

#include "aws/credentials.h"
#include "aws/environment.h"

namespace ctk::aws {

/// Nothing where neither of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set; `usage` where only one is.
Result<std::optional<Credentials>> read_environment_keys(const Environment& environment);

}  // namespace ctk::aws
