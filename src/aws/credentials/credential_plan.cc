// The order: environment (unless a profile was named), profile, web identity, container endpoint, instance metadata, as
// aws-config (AWS SDK for Rust) has it; held to its published cases.
#include "aws/credentials/credential_plan.h"

#include <fmt/format.h>

#include "aws/credentials/container_endpoint.h"
#include "aws/credentials/environment_keys.h"
#include "aws/credentials/instance_metadata.h"
#include "aws/credentials/profile_credentials.h"
#include "aws/profile.h"

namespace ctk::aws {
namespace {

Result<CredentialPlan> from_url(const CredentialRequest& request) {
  if (!request.secret_key) {
    return fail(ErrorKind::usage, fmt::format("the access key {} comes without a secret key", request.access_key->str()),
                {}, "write KEY:SECRET@ in the source URL, or leave both away");
  }
  return CredentialPlan{Credentials{*request.access_key, *request.secret_key, request.session_token}, "source URL"};
}

/// Nothing where AWS_WEB_IDENTITY_TOKEN_FILE is not set.
Result<std::optional<WebIdentity>> read_web_identity(const Environment& environment) {
  const auto file = environment.get("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (!file) return std::nullopt;
  const auto role = environment.get("AWS_ROLE_ARN");
  if (!role) return fail(ErrorKind::usage, "AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN");
  return WebIdentity{*file, *role, environment.get("AWS_ROLE_SESSION_NAME")};
}

/// Asks one place after another; what is found ends it.
class ChainReader {
 public:
  ChainReader(const CredentialRequest& request, const Environment& environment)
      : request_(request), environment_(environment) {}

  Result<CredentialPlan> read() {
    passed_over_.emplace_back("source URL (no key)");
    if (!request_.profile) {
      Result<std::optional<Credentials>> keys = read_environment_keys(environment_);
      if (!keys) return forward_error(std::move(keys));
      if (*keys) return found(std::move(**keys), "environment");
      passed_over_.emplace_back("environment (AWS_ACCESS_KEY_ID is not set)");
    }
    const Result<SharedFiles> files = SharedFiles::read(environment_);
    if (!files) return std::unexpected(files.error());
    const Result<Profile> profile = find_profile(choose_profile(request_.profile, environment_), *files);
    if (!profile) return std::unexpected(profile.error());
    Result<std::optional<ProfileCredentials>> of_profile = read_profile_credentials(*profile, *files, environment_);
    if (!of_profile) return forward_error(std::move(of_profile));
    if (*of_profile) {
      CredentialPlan plan = found(std::move((*of_profile)->base), std::move((*of_profile)->origin));
      plan.roles = std::move((*of_profile)->roles);
      return plan;
    }
    passed_over_.push_back(fmt::format("profile '{}' (no credentials in {})", profile->name, files->places()));
    return read_surroundings(*profile);
  }

 private:
  Result<CredentialPlan> read_surroundings(const Profile& profile) {
    Result<std::optional<WebIdentity>> identity = read_web_identity(environment_);
    if (!identity) return forward_error(std::move(identity));
    if (*identity) return found(std::move(**identity), "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)");
    passed_over_.emplace_back("web identity (AWS_WEB_IDENTITY_TOKEN_FILE is not set)");
    Result<std::optional<ContainerEndpoint>> container = read_container_endpoint(environment_);
    if (!container) return forward_error(std::move(container));
    if (*container) return found(std::move(**container), "container endpoint");
    passed_over_.emplace_back("container endpoint (AWS_CONTAINER_CREDENTIALS_* are not set)");
    Result<std::optional<InstanceMetadata>> metadata = read_instance_metadata(profile, environment_);
    if (!metadata) return forward_error(std::move(metadata));
    if (*metadata) {
      CredentialPlan plan = found(std::move(**metadata), "instance metadata");
      plan.last_resort = true;
      return plan;
    }
    passed_over_.emplace_back("instance metadata (AWS_EC2_METADATA_DISABLED is true)");
    return fail(ErrorKind::denied, "no AWS credentials found", {},
                fmt::format("looked at: {}", fmt::join(passed_over_, ", ")));
  }

  CredentialPlan found(CredentialBase base, std::string origin) const {
    return CredentialPlan{std::move(base), std::move(origin), {}, passed_over_};
  }

  const CredentialRequest& request_;
  const Environment& environment_;
  std::vector<std::string> passed_over_;
};

/// Where roles are assumed, if any are.
Status find_sts(CredentialPlan& plan, const CredentialRequest& request, const Environment& environment) {
  if (plan.roles.empty() && !std::holds_alternative<WebIdentity>(plan.base)) return {};
  const auto region = find_region(request.region, request.profile, environment);
  if (!region) {
    return fail(ErrorKind::usage, "no region to assume a role in", {}, "set AWS_REGION, or region in the profile");
  }
  plan.sts = {find_endpoint("sts", *region, std::nullopt, request.profile, environment), *region};
  if (auto* identity = std::get_if<WebIdentity>(&plan.base)) identity->sts = plan.sts;
  return {};
}

}  // namespace

Result<CredentialPlan> plan_credentials(const CredentialRequest& request, const Environment& environment) {
  Result<CredentialPlan> plan = request.access_key ? from_url(request) : ChainReader(request, environment).read();
  if (!plan) return plan;
  if (auto* keys = std::get_if<Credentials>(&plan->base); keys != nullptr && request.session_token) {
    keys->session_token = request.session_token;
  }
  if (request.role_arn) plan->roles.push_back({*request.role_arn, request.external_id, request.role_session_name});
  if (Status found = find_sts(*plan, request, environment); !found) return std::unexpected(found.error());
  return plan;
}

}  // namespace ctk::aws
