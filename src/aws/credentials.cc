// Where credentials, regions and endpoints come from. Order of places: AWS SDKs and Tools Reference Guide.
#include "aws/credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "aws/profile.h"

namespace ctk::aws {
namespace {

std::string upper_snake(std::string_view text) {
  std::string result;
  for (char c : text) result += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

Result<Credentials> from_url(const CredentialRequest& request) {
  if (!request.secret_key) {
    return fail(ErrorKind::usage, fmt::format("the access key {} comes without a secret key", request.access_key->str()),
                {}, "write KEY:SECRET@ in the source URL, or leave both away");
  }
  return Credentials{*request.access_key, *request.secret_key, request.session_token, "source URL"};
}

/// Nothing where neither variable is set.
std::optional<Result<Credentials>> from_environment(const Environment& environment) {
  std::optional<std::string> key = environment.get("AWS_ACCESS_KEY_ID");
  std::optional<std::string> secret = environment.get("AWS_SECRET_ACCESS_KEY");
  if (!key && !secret) return std::nullopt;
  if (!key || !secret) {
    return fail(ErrorKind::usage, fmt::format("{} is set without {}", key ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                                              key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"));
  }
  Credentials found{AccessKeyId(*key), Secret(*secret), std::nullopt, "environment"};
  if (std::optional<std::string> token = environment.get("AWS_SESSION_TOKEN")) found.session_token = Secret(*token);
  return found;
}

/// What a profile asks for that this version does not do, by the first setting of that kind; "" where there is none.
std::string_view needs_more(const Profile& profile) {
  constexpr std::array kMore{"role_arn", "web_identity_token_file", "sso_session", "sso_start_url"};
  constexpr std::array kMoreWithoutKeys{"credential_process", "credential_source", "source_profile", "login_session"};
  for (const char* name : kMore) {
    if (profile.get(name)) return name;
  }
  if (profile.get("aws_access_key_id")) return "";
  for (const char* name : kMoreWithoutKeys) {
    if (profile.get(name)) return name;
  }
  return "";
}

std::optional<Result<Credentials>> from_profile(const Profile& profile) {
  std::string_view more = needs_more(profile);
  if (!more.empty()) {
    return fail(ErrorKind::usage, fmt::format("profile '{}' has {}: not in this version", profile.name, more), {},
                "static keys work: in the source URL, the environment, or a profile");
  }
  std::optional<std::string> key = profile.get("aws_access_key_id");
  std::optional<std::string> secret = profile.get("aws_secret_access_key");
  if (!key && !secret) return std::nullopt;
  if (!key || !secret) {
    return fail(ErrorKind::usage, fmt::format("profile '{}' has {} without {}", profile.name,
                                              key ? "aws_access_key_id" : "aws_secret_access_key",
                                              key ? "aws_secret_access_key" : "aws_access_key_id"));
  }
  Credentials found{AccessKeyId(*key), Secret(*secret), std::nullopt, fmt::format("profile {}", profile.name)};
  if (std::optional<std::string> token = profile.get("aws_session_token")) found.session_token = Secret(*token);
  return found;
}

/// Nothing was found: names what is set but not understood yet, else the places that were looked at.
std::unexpected<Error> nothing_found(const Environment& environment, const Profile& profile) {
  for (const char* name :
       {"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}) {
    if (environment.get(name)) {
      return fail(ErrorKind::usage, fmt::format("credentials by {}: not in this version", name), {},
                  "static keys work: in the source URL, the environment, or a profile");
    }
  }
  return fail(ErrorKind::denied, "no AWS credentials found", {},
              fmt::format("looked at the source URL, AWS_ACCESS_KEY_ID, and profile '{}' in {} and {}", profile.name,
                          profile.credentials_path, profile.config_path));
}

Result<Credentials> find_without_url(const CredentialRequest& request, const Environment& environment) {
  if (!request.profile) {
    if (std::optional<Result<Credentials>> found = from_environment(environment)) return std::move(*found);
  }
  Result<Profile> profile = find_profile(request.profile, environment);
  if (!profile) return forward_error(std::move(profile));
  if (std::optional<Result<Credentials>> found = from_profile(*profile)) return std::move(*found);
  return nothing_found(environment, *profile);
}

std::string default_endpoint(const std::string& service, const std::string& region) {
  std::string host = service == "dynamodb-streams" ? "streams.dynamodb" : service;
  return fmt::format("https://{}.{}.amazonaws.com{}", host, region, region.starts_with("cn-") ? ".cn" : "");
}

std::optional<std::string> configured_endpoint(const std::string& service, const std::optional<std::string>& profile_name,
                                               const Environment& environment) {
  if (environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true") return std::nullopt;
  if (auto url = environment.get("AWS_ENDPOINT_URL_" + upper_snake(service))) return url;
  if (auto url = environment.get("AWS_ENDPOINT_URL")) return url;
  Result<Profile> profile = find_profile(profile_name, environment);
  if (!profile) return std::nullopt;
  std::string lower_snake = service;
  std::replace(lower_snake.begin(), lower_snake.end(), '-', '_');
  if (auto url = profile->service_setting(lower_snake, "endpoint_url")) return url;
  return profile->get("endpoint_url");
}

class ChainSource final : public CredentialsSource {
 public:
  ChainSource(CredentialRequest request, std::function<Environment()> environment)
      : request_(std::move(request)), environment_(std::move(environment)) {}

  Result<Credentials> get() override {
    if (!found_) found_ = find_credentials(request_, environment_());
    return *found_;
  }
  void reload() override { found_.reset(); }

 private:
  CredentialRequest request_;
  std::function<Environment()> environment_;
  std::optional<Result<Credentials>> found_;
};

}  // namespace

std::optional<std::string> Environment::get(const std::string& name) const {
  auto found = variables.find(name);
  if (found == variables.end() || found->second.find_first_not_of(" \t") == std::string::npos) return std::nullopt;
  return found->second;
}

Result<Credentials> find_credentials(const CredentialRequest& request, const Environment& environment) {
  if (request.access_key) return from_url(request);
  Result<Credentials> found = find_without_url(request, environment);
  if (found && request.session_token) found->session_token = request.session_token;
  return found;
}

std::optional<std::string> find_region(const std::optional<std::string>& given, const std::optional<std::string>& profile,
                                       const Environment& environment) {
  if (given) return given;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (auto region = environment.get(name)) return region;
  }
  Result<Profile> found = find_profile(profile, environment);
  return found ? found->get("region") : std::nullopt;
}

std::string find_endpoint(const std::string& service, const std::string& region, const std::optional<std::string>& given,
                          const std::optional<std::string>& profile, const Environment& environment) {
  std::optional<std::string> url = given ? given : configured_endpoint(service, profile, environment);
  if (!url) return default_endpoint(service, region);
  while (url->ends_with('/')) url->pop_back();
  return *url;
}

std::unique_ptr<CredentialsSource> make_credentials_source(CredentialRequest request,
                                                           std::function<Environment()> environment) {
  return std::make_unique<ChainSource>(std::move(request), std::move(environment));
}

}  // namespace ctk::aws
