// What a profile says of credentials: keys, a command, a role and where those come from that assume it. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/credentials/credential_plan.h"
#include "aws/profile.h"

namespace ctk::aws {

/// As in CredentialPlan.
struct ProfileCredentials {
  CredentialBase base;
  std::string origin;
  std::vector<AssumedRole> roles = {};
};

/// Nothing where the profile says nothing of credentials. One that is half set up is `usage`, and so are roles that need
/// a code from a device (`mfa_serial`), source profiles that lead back to themselves, and `login_session`.
Result<std::optional<ProfileCredentials>> read_profile_credentials(const Profile& profile, const SharedFiles& files,
                                                                   const Environment& environment);

}  // namespace ctk::aws
