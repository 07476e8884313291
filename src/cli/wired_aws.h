// AWS, as whoever a source says we are: what signs, what calls, what reads the answers. Whoever uses it makes its own typed
// interfaces on it.
#pragma once

#include <memory>

#include "aws/call_metrics.h"
#include "aws/credentials/credential_plan.h"
#include "base/event_loop.h"
#include "cli/world.h"
#include "net/curl_client.h"

namespace ctk::cli {

/// The loop and the world outlive it.
class WiredAws {
 public:
  /// `usage` where what is set up of credentials cannot be right, `denied` where nothing is.
  static Result<std::unique_ptr<WiredAws>> make(const aws::CredentialRequest& credentials, World& world, EventLoop& loop);

  /// The client, or what counts its calls.
  net::HttpClient& calls();
  /// The client as it is: for answers that go on.
  net::HttpStreamClient& streams() { return http_; }
  aws::CredentialSource& credentials() { return *credentials_; }
  Executor& decoder() { return decoder_; }

 private:
  WiredAws(const aws::CredentialRequest& credentials, World& world, EventLoop& loop);

  net::CurlClient http_;
  std::unique_ptr<aws::CountedCalls> counted_;  ///< where somebody asks for figures
  std::unique_ptr<aws::CredentialSource> credentials_;
  ThreadExecutor decoder_;  ///< its jobs hold what they need
};

}  // namespace ctk::cli
