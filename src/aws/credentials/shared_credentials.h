// One provider's credentials for everybody who signs as the same identity.
#pragma once

#include <memory>

#include "aws/credentials.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/random.h"

namespace ctk::aws {

/// Asks whoever gives credentials, each time anew. One question at a time; used on the loop.
class CredentialProvider {
 public:
  virtual ~CredentialProvider() = default;
  virtual void fetch(Done<Credentials> done) = 0;
};

/// A source that asks its provider when somebody signs and what is in hand will not do (credential_use.h): once for all who
/// ask meanwhile. After a failure it rests, 1 s at first and 1 m at most, warns, and hands out what is still good. Once it
/// has had credentials, a mistake in the configuration is `denied`: the run has begun, and is waited for.
std::unique_ptr<CredentialSource> share_credentials(std::unique_ptr<CredentialProvider> provider, EventLoop& loop,
                                                    Clock& clock, Random& random, Log& log);

}  // namespace ctk::aws
