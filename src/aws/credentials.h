// Who we are to AWS. In this version: the source URL, the environment, and static keys in the shared files.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/named.h"
#include "base/time.h"

namespace ctk::aws {

using AccessKeyId = Named<struct AccessKeyIdTag>;

struct Credentials {
  AccessKeyId access_key;
  Secret secret_key;
  std::optional<Secret> session_token;
  std::string origin;  ///< "source URL", "environment", "profile dev of ~/.aws/credentials": for messages
};

/// What the chain reads, as values: no part of it looks at the process's own environment or disk.
struct Environment {
  std::map<std::string, std::string> variables;
  std::string home;
  /// The content of a file, or nothing where it is not there.
  std::function<std::optional<std::string>(const std::string& path)> read_file;

  /// The variable, or nothing where it is unset or blank.
  std::optional<std::string> get(const std::string& name) const;
};

/// A shared configuration file: section → name in lower case → value, parsed as AWS's tools do (profile prefix, comments,
/// continuation). A profile's section is its name alone; others keep their kind: "sso-session NAME", "services NAME".
using ProfileFile = std::map<std::string, std::map<std::string, std::string>>;
Result<ProfileFile> parse_profile_file(const std::string& text, bool is_config_file);

struct CredentialRequest {
  std::optional<AccessKeyId> access_key;  ///< from the URL
  std::optional<Secret> secret_key;
  std::optional<Secret> session_token;
  std::optional<std::string> profile;
};

/// URL, then (unless a profile was named) AWS_ACCESS_KEY_ID/…, then the profile's static keys. A profile that needs more
/// than static keys is `usage`: "not in this version". Nothing found: `denied`, with the places that were looked at.
Result<Credentials> find_credentials(const CredentialRequest& request, const Environment& environment);

/// --region, URL, AWS_REGION, AWS_DEFAULT_REGION, the profile's region.
std::optional<std::string> find_region(const std::optional<std::string>& given, const std::optional<std::string>& profile,
                                       const Environment& environment);

/// `endpoint-url`, AWS_ENDPOINT_URL_SERVICE, AWS_ENDPOINT_URL, the profile's endpoint_url, or the service's own address
/// ("https://kinesis.eu-central-1.amazonaws.com", amazonaws.com.cn in China). `service` is "kinesis", "dynamodb", ….
std::string find_endpoint(const std::string& service, const std::string& region, const std::optional<std::string>& given,
                          const std::optional<std::string>& profile, const Environment& environment);

/// Gives credentials for each request and reads them again when the service calls them expired.
class CredentialsSource {
 public:
  virtual ~CredentialsSource() = default;
  virtual Result<Credentials> get() = 0;
  virtual void reload() = 0;
};

/// The chain above behind that interface. `environment` is asked anew at each reload.
std::unique_ptr<CredentialsSource> make_credentials_source(CredentialRequest request,
                                                           std::function<Environment()> environment);

}  // namespace ctk::aws
