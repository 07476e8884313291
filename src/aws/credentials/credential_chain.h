// Credentials of AWS's usual chain: what credential_plan.h decides, asked for.
#pragma once

#include <functional>
#include <memory>

#include "aws/credentials/credential_plan.h"
#include "aws/credentials/shared_credentials.h"
#include "net/http.h"

namespace ctk::aws {

/// What providers stand on. All of it outlives them.
struct CredentialTools {
  net::HttpClient& http;
  EventLoop& loop;
  Clock& clock;
  Random& random;
  Log& log;
  /// Makes what the command of a credential_process runs on; called where there is one.
  std::function<std::unique_ptr<Executor>()> make_executor;
};

/// Plans again at each fetch, with `environment` as it is then, and does what the plan says: files change while we run.
/// Errors are `unreachable`, `throttled` or `skewed` where another try may help; `usage` and `denied` otherwise. They name
/// the place, what it said, and the places before it.
std::unique_ptr<CredentialProvider> make_credential_chain(CredentialRequest request,
                                                          std::function<Environment()> environment, CredentialTools tools);

/// The chain, shared.
std::unique_ptr<CredentialSource> make_credential_source(CredentialRequest request,
                                                         std::function<Environment()> environment, CredentialTools tools);

}  // namespace ctk::aws
