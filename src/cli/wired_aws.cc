#include "cli/wired_aws.h"

#include "aws/credentials/credential_chain.h"
#include "cli/wiring.h"

namespace ctk::cli {

Result<std::unique_ptr<WiredAws>> WiredAws::make(const aws::CredentialRequest& credentials, World& world, EventLoop& loop) {
  if (const auto plan = aws::plan_credentials(credentials, world.environment()); !plan)
    return std::unexpected(plan.error());
  return std::unique_ptr<WiredAws>(new WiredAws(credentials, world, loop));
}

WiredAws::WiredAws(const aws::CredentialRequest& credentials, World& world, EventLoop& loop)
    : http_(loop, curl_options_for_aws(world.environment(), world.metrics)), decoder_(loop, "ctk-source") {
  if (world.metrics != nullptr) counted_ = std::make_unique<aws::CountedCalls>(http_, *world.metrics);
  const auto make_executor = [&loop] { return std::make_unique<ThreadExecutor>(loop, "ctk-credentials"); };
  credentials_ = aws::make_credential_source(credentials, world.environment,
                                             {http_, loop, world.clock, world.random, world.log, make_executor});
}

net::HttpClient& WiredAws::calls() {
  if (counted_) return *counted_;
  return http_;
}

}  // namespace ctk::cli
