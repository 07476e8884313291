// Where credentials are to come from, as AWS's SDKs decide it: URL, environment, profile, web identity, container endpoint,
// instance metadata. The first that is set up is the one; that it then fails is no reason to ask the next. Pure: nobody is
// asked for anything here.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "aws/credentials.h"
#include "aws/endpoints.h"
#include "aws/environment.h"
#include "base/error.h"

namespace ctk::aws {

/// What the user gave.
struct CredentialRequest {
  std::optional<AccessKeyId> access_key;  ///< from the URL
  std::optional<Secret> secret_key;
  std::optional<Secret> session_token;
  std::optional<std::string> profile;
  std::optional<std::string> region;       ///< of what is read: roles are assumed there
  std::optional<std::string> role_arn;     ///< to be assumed with whatever is found
  std::optional<std::string> external_id;  ///< both of that role
  std::optional<std::string> role_session_name;
};

/// A role that is assumed with other credentials.
struct AssumedRole {
  std::string role_arn;
  std::optional<std::string> external_id = {};
  std::optional<std::string> session_name = {};
  std::optional<std::string> duration_seconds = {};
};

/// A role that is assumed with a token of somebody else's (Kubernetes), which lies in a file and changes.
struct WebIdentity {
  std::string token_file;
  std::string role_arn;
  std::optional<std::string> session_name = {};
  ServiceEndpoint sts = {};
};

/// A command whose output they are.
struct CredentialProcess {
  std::string command;  ///< for /bin/sh -c; may hold secrets
};

/// A role of IAM Identity Center, for whoever has signed in with `aws sso login`.
struct SsoRole {
  std::string account_id;
  std::string role_name;
  std::string cache_key;  ///< the session's name, or the start URL where there is none: names the token's file
  ServiceEndpoint portal;
  std::string profile;  ///< for messages
  /// Where the sign-in of a session is renewed; nothing where the profile has none, whose sign-ins cannot be.
  std::optional<ServiceEndpoint> renewal = {};
};

/// ECS and EKS Pod Identity.
struct ContainerEndpoint {
  std::string url;
  std::optional<Secret> token = {};
  std::optional<std::string> token_file = {};
};

/// EC2.
struct InstanceMetadata {
  std::string url;  ///< "http://169.254.169.254"
};

using CredentialBase =
    std::variant<Credentials, CredentialProcess, WebIdentity, SsoRole, ContainerEndpoint, InstanceMetadata>;

struct CredentialPlan {
  CredentialBase base;
  std::string origin;                         ///< what `base` is, for messages: "profile 'dev'"
  std::vector<AssumedRole> roles = {};        ///< assumed with it, the first with `base`, each other with the one before
  std::vector<std::string> passed_over = {};  ///< the places before it, and why not there: "environment (… is not set)"
  bool last_resort = false;                   ///< nobody asked for `base`: there is nothing else
  ServiceEndpoint sts = {};                   ///< where roles are assumed; empty where none is
};

/// What is set up by halves, or cannot be done by a program that runs by itself, is `usage`; nothing at all, `denied`.
Result<CredentialPlan> plan_credentials(const CredentialRequest& request, const Environment& environment);

}  // namespace ctk::aws
