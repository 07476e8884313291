// One profile of AWS's shared configuration files, both files merged.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "aws/credentials.h"
#include "base/error.h"

namespace ctk::aws {

/// Reads both files and picks the profile that was asked for, else AWS_PROFILE, AWS_DEFAULT_PROFILE, or "default". The
/// credentials file wins over the config file. A profile that was named and is in neither file is `usage`, and so is a file
/// that is no configuration file.
struct Profile {
  std::string name;
  std::string credentials_path;  ///< as people write it, for messages
  std::string config_path;
  std::map<std::string, std::string> settings;
  std::map<std::string, std::string> services;  ///< the section that its `services` names

  /// A setting that is there and not blank.
  std::optional<std::string> get(const std::string& setting) const;
  /// A setting below a service of its services section: ("kinesis", "endpoint_url").
  std::optional<std::string> service_setting(const std::string& service, const std::string& setting) const;
};

Result<Profile> find_profile(const std::optional<std::string>& named, const Environment& environment);

}  // namespace ctk::aws
