// The shared configuration files of AWS's tools, and profiles in them.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "aws/environment.h"
#include "base/error.h"

namespace ctk::aws {

/// A shared configuration file: section → name in lower case → value, parsed as AWS's tools do (profile prefix, comments,
/// continuation). A profile's section is its name alone; others keep their kind: "sso-session NAME", "services NAME".
using Settings = std::map<std::string, std::string>;
using ProfileFile = std::map<std::string, Settings>;
Result<ProfileFile> parse_profile_file(const std::string& text, bool is_config_file);

struct Profile {
  std::string name;
  Settings settings;
  Settings services;  ///< the section that its `services` names

  /// A setting that is there and not blank.
  std::optional<std::string> get(const std::string& setting) const;
  /// A setting below a service of its services section: ("kinesis", "endpoint_url").
  std::optional<std::string> service_setting(const std::string& service, const std::string& setting) const;
};

/// Both files as one. The credentials file wins over the config file.
class SharedFiles {
 public:
  /// An absent file is an empty one; one that is no configuration file is `usage`.
  static Result<SharedFiles> read(const Environment& environment);

  std::optional<Profile> profile(const std::string& name) const;
  /// The section of an `sso_session`; nothing where there is none of that name.
  std::optional<Profile> sso_session(const std::string& name) const;
  /// "~/.aws/config or ~/.aws/credentials": as people write it, for messages.
  std::string places() const { return config_path_ + " or " + credentials_path_; }

 private:
  std::string config_path_;
  std::string credentials_path_;
  ProfileFile config_;
  ProfileFile credentials_;
};

/// Which profile is meant, and whether somebody has named it: `named`, AWS_PROFILE, AWS_DEFAULT_PROFILE, else "default".
struct ProfileChoice {
  std::string name;
  bool asked = false;
};
ProfileChoice choose_profile(const std::optional<std::string>& named, const Environment& environment);

/// The profile that is meant, an empty one where nobody has named it and it is in neither file. One that was named and is
/// in neither file is `usage`.
Result<Profile> find_profile(const std::optional<std::string>& named, const Environment& environment);
Result<Profile> find_profile(const ProfileChoice& choice, const SharedFiles& files);

}  // namespace ctk::aws
