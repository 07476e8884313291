// Settings: AWS SDKs and Tools Reference Guide, "Assume role", "Process", "IAM Identity Center". A role in the profile that
// was chosen wins over its keys; in a source profile the keys win.
#include "aws/credentials/profile_credentials.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/credentials/container_endpoint.h"
#include "aws/credentials/environment_keys.h"
#include "aws/credentials/instance_metadata.h"

namespace ctk::aws {
namespace {

std::string named(const Profile& profile) { return fmt::format("profile '{}'", profile.name); }

std::unexpected<Error> wrong(const Profile& profile, std::string_view what, std::string hint = {}) {
  return fail(ErrorKind::usage, fmt::format("{} {}", named(profile), what), {}, std::move(hint));
}

/// The first of a profile's settings that is missing.
std::string_view missing_of(const Profile& profile, std::initializer_list<std::string_view> settings) {
  const auto* found = std::find_if(settings.begin(), settings.end(),
                                   [&](std::string_view name) { return !profile.get(std::string(name)); });
  return found == settings.end() ? std::string_view() : *found;
}

class ProfileReader {
 public:
  ProfileReader(const SharedFiles& files, const Environment& environment) : files_(files), environment_(environment) {}

  Result<std::optional<ProfileCredentials>> read(const Profile& profile) {
    const auto role_arn = profile.get("role_arn");
    const auto source = profile.get("source_profile");
    const auto service = profile.get("credential_source");
    if (role_arn && !profile.get("web_identity_token_file")) {
      if (source && service) return wrong(profile, "has both source_profile and credential_source: a role needs one");
      if (!source && !service) {
        return wrong(profile,
                     "has role_arn, and nothing to assume it with: it needs source_profile, credential_source or "
                     "web_identity_token_file");
      }
      return read_role(profile, *role_arn);
    }
    return read_base(profile);
  }

 private:
  using Found = std::optional<ProfileCredentials>;

  Result<Found> read_role(const Profile& profile, const std::string& role_arn) {
    if (profile.get("mfa_serial")) {
      return wrong(profile, "has mfa_serial: a program that runs by itself cannot ask for the code of a device",
                   "use a role without MFA, SSO, or temporary keys of `aws sts get-session-token`");
    }
    seen_.push_back(profile.name);
    Result<Found> source = profile.get("source_profile") ? read_source(profile) : read_service(profile);
    if (!source) return source;
    (*source)->roles.push_back(
        {role_arn, profile.get("external_id"), profile.get("role_session_name"), profile.get("duration_seconds")});
    return source;
  }

  Result<Found> read_source(const Profile& profile) {
    const std::string name = *profile.get("source_profile");
    const std::optional<Profile> source = files_.profile(name);
    if (!source) {
      return wrong(profile,
                   fmt::format("has source_profile = {}, and there is no such profile in {}", name, files_.places()));
    }
    const bool has_keys = source->get("aws_access_key_id") || source->get("aws_secret_access_key");
    const bool is_itself = name == profile.name;  // its own keys assume its role
    const bool seen = std::find(seen_.begin(), seen_.end(), name) != seen_.end();
    if (has_keys && (is_itself || !seen)) return read_keys(*source);
    if (seen) {
      return wrong(profile, fmt::format("leads back to itself: {} -> {}", fmt::join(seen_, " -> "), name));
    }
    Result<Found> found = read(*source);
    if (found && !*found)
      return wrong(*source, fmt::format("has no credentials, and {} takes them from it", named(profile)));
    return found;
  }

  Result<Found> read_service(const Profile& profile) const {
    const std::string service = *profile.get("credential_source");
    const std::string origin = fmt::format("credential_source = {} of {}", service, named(profile));
    if (service == "Environment") {
      Result<std::optional<Credentials>> keys = read_environment_keys(environment_);
      if (!keys) return std::unexpected(keys.error());
      if (!*keys) return wrong(profile, "has credential_source = Environment, and AWS_ACCESS_KEY_ID is not set");
      return ProfileCredentials{std::move(**keys), origin};
    }
    if (service == "EcsContainer") {
      Result<std::optional<ContainerEndpoint>> container = read_container_endpoint(environment_);
      if (!container) return std::unexpected(container.error());
      if (!*container) {
        return wrong(profile,
                     "has credential_source = EcsContainer, and neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                     "AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
      }
      return ProfileCredentials{std::move(**container), origin};
    }
    if (service == "Ec2InstanceMetadata") {
      Result<std::optional<InstanceMetadata>> metadata = read_instance_metadata(profile, environment_);
      if (!metadata) return std::unexpected(metadata.error());
      if (!*metadata) {
        return wrong(profile, "has credential_source = Ec2InstanceMetadata, and AWS_EC2_METADATA_DISABLED is true");
      }
      return ProfileCredentials{std::move(**metadata), origin};
    }
    return wrong(profile, fmt::format("has credential_source = {}: accepted are Environment, EcsContainer and "
                                      "Ec2InstanceMetadata",
                                      service));
  }

  Result<Found> read_base(const Profile& profile) const {
    if (profile.get("web_identity_token_file")) return read_web_identity(profile);
    if (profile.get("sso_session") || profile.get("sso_start_url") || profile.get("sso_account_id") ||
        profile.get("sso_role_name")) {
      return read_sso(profile);
    }
    if (profile.get("aws_access_key_id") || profile.get("aws_secret_access_key")) return read_keys(profile);
    if (const auto command = profile.get("credential_process")) {
      return ProfileCredentials{CredentialProcess{*command}, fmt::format("credential_process of {}", named(profile))};
    }
    if (profile.get("login_session")) {
      return wrong(profile, "has login_session: sessions of `aws login` are not in this version",
                   "`aws configure export-credentials` as credential_process hands them on");
    }
    return Found{};
  }

  static Result<Found> read_web_identity(const Profile& profile) {
    const auto role_arn = profile.get("role_arn");
    if (!role_arn) return wrong(profile, "has web_identity_token_file without role_arn");
    return ProfileCredentials{
        WebIdentity{*profile.get("web_identity_token_file"), *role_arn, profile.get("role_session_name")},
        fmt::format("web identity of {}", named(profile))};
  }

  static Result<Found> read_keys(const Profile& profile) {
    const auto missing = missing_of(profile, {"aws_access_key_id", "aws_secret_access_key"});
    if (!missing.empty()) {
      const bool id = missing == "aws_access_key_id";
      return wrong(profile, fmt::format("has {} without {}", id ? "aws_secret_access_key" : "aws_access_key_id", missing));
    }
    Credentials keys{AccessKeyId(*profile.get("aws_access_key_id")), Secret(*profile.get("aws_secret_access_key"))};
    if (const auto token = profile.get("aws_session_token")) keys.session_token = Secret(*token);
    return ProfileCredentials{std::move(keys), named(profile)};
  }

  Result<Found> read_sso(const Profile& profile) const {
    const auto session_name = profile.get("sso_session");
    const auto missing = missing_of(profile, {"sso_account_id", "sso_role_name"});
    if (!missing.empty()) {
      return wrong(profile, fmt::format("signs in with SSO, and has no {}: without it there is a token, and there are no "
                                        "credentials",
                                        missing));
    }
    Profile session = profile;
    if (session_name) {
      const std::optional<Profile> found = files_.sso_session(*session_name);
      if (!found) return wrong(profile, fmt::format("has sso_session = {}, and there is no such section", *session_name));
      for (const char* setting : {"sso_region", "sso_start_url"}) {
        const auto own = profile.get(setting);
        if (own && own != found->get(setting)) {
          return wrong(profile, fmt::format("has another {} than its sso-session {}", setting, *session_name));
        }
      }
      session = *found;
    }
    const auto absent = missing_of(session, {"sso_region", "sso_start_url"});
    if (!absent.empty()) {
      return wrong(profile,
                   fmt::format("signs in with SSO, and {} has no {}", session_name ? "its sso-session" : "it", absent));
    }
    const std::string region = *session.get("sso_region");
    SsoRole role{*profile.get("sso_account_id"),
                 *profile.get("sso_role_name"),
                 session_name.value_or(*session.get("sso_start_url")),
                 {find_endpoint("sso", region, std::nullopt, profile.name, environment_), region},
                 profile.name};
    if (session_name) {
      role.renewal = {find_endpoint("sso-oidc", region, std::nullopt, profile.name, environment_), region};
    }
    return ProfileCredentials{std::move(role), fmt::format("SSO of {}", named(profile))};
  }

  const SharedFiles& files_;
  const Environment& environment_;
  std::vector<std::string> seen_;  ///< profiles whose roles wait for credentials
};

}  // namespace

Result<std::optional<ProfileCredentials>> read_profile_credentials(const Profile& profile, const SharedFiles& files,
                                                                   const Environment& environment) {
  return ProfileReader(files, environment).read(profile);
}

}  // namespace ctk::aws
