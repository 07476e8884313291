// Who we are to AWS: what requests are signed with, and the seam at which those who sign get it. Where it comes from is
// aws/credentials/'s affair.
#pragma once

#include <optional>
#include <string>

#include "base/done.h"
#include "base/named.h"
#include "base/time.h"

namespace ctk::aws {

using AccessKeyId = Named<struct AccessKeyIdTag>;

struct Credentials {
  AccessKeyId access_key;
  Secret secret_key;
  std::optional<Secret> session_token = {};
  std::string origin = {};                ///< "source URL", "environment", "profile dev": for messages
  std::optional<Timestamp> expires = {};  ///< nothing: they are good until somebody revokes them

  bool operator==(const Credentials&) const = default;
};

/// Gives credentials for each request. One source is shared by all who sign as the same identity, and they share what it
/// asks others for. Used on the loop.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  /// `done` gets credentials that are good now, asked for anew where those in hand are near their end. An error is about
  /// credentials and names where they were looked for.
  virtual void get(Done<Credentials> done) = 0;
  /// A service calls these expired or unknown, whatever we know: others are asked for, unless there are others already.
  virtual void refused(const Credentials& credentials) = 0;
};

}  // namespace ctk::aws
