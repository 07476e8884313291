// What answers with credentials mean. Pure. No part of an answer that holds credentials gets into an error.
#pragma once

#include <string_view>

#include "aws/credentials.h"
#include "base/error.h"

namespace ctk::aws {

/// {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} of container endpoint and instance metadata; the latter's
/// `Code` must be "Success".
Result<Credentials> read_service_keys(std::string_view body);

/// {"Version": 1, "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}: the output of a credential_process.
Result<Credentials> read_process_keys(std::string_view output);

/// {"roleCredentials": {"accessKeyId", "secretAccessKey", "sessionToken", "expiration" in milliseconds}} of SSO's portal.
Result<Credentials> read_sso_keys(std::string_view body);

}  // namespace ctk::aws
