#include "aws/credentials/shared_credentials.h"

#include <optional>
#include <utility>
#include <vector>

#include "aws/credentials/credential_use.h"
#include "base/lifeline.h"
#include "base/retry.h"

namespace ctk::aws {
namespace {

constexpr RetryPolicy kRest{std::chrono::seconds(1), std::chrono::minutes(1), std::nullopt};

class SharedCredentials final : public CredentialSource {
 public:
  SharedCredentials(std::unique_ptr<CredentialProvider> provider, EventLoop& loop, Clock& clock, Random& random, Log& log)
      : provider_(std::move(provider)), loop_(loop), clock_(clock), random_(random), log_(log) {}

  void get(Done<Credentials> done) override {
    using enum CredentialUse;
    const CredentialUse use = use_of(standing(), clock_.now());
    if (use == refuse) return answer(std::move(done), std::unexpected(failure_));
    if (use == wait_for_refresh) {
      waiting_.push_back(std::move(done));
      return refresh();
    }
    if (use == hand_out_and_refresh) refresh();
    answer(std::move(done), *credentials_);
  }

  void refused(const Credentials& credentials) override { refused_ = refused_ || credentials == credentials_; }

 private:
  CredentialStanding standing() const {
    CredentialStanding standing{credentials_.has_value(), refused_, clock_.monotonic() < rests_until_, {}, fetched_};
    if (credentials_) standing.expires = credentials_->expires;
    return standing;
  }

  void answer(Done<Credentials> done, Result<Credentials> value) {
    loop_.post([done = std::move(done), value = std::move(value)]() mutable { done(std::move(value)); });
  }

  void refresh() {
    if (std::exchange(refreshing_, true)) return;
    provider_->fetch(lifeline_.guard([this](Result<Credentials> found) { take(std::move(found)); }));
  }

  void take(Result<Credentials> found) {
    refreshing_ = false;
    const Timestamp now = clock_.now();
    // The same again, or what is over already: whoever gives them has no others yet.
    const bool same = found && credentials_ && *found == *credentials_;
    const bool better = found && !same && (!found->expires || *found->expires > now);
    if (better) {
      rest_.succeeded();
    } else {
      rests_until_ = clock_.monotonic() + rest_.failed(clock_.monotonic(), random_).value_or(kRest.longest);
    }
    if (found) {
      refused_ = refused_ && same;
      credentials_ = std::move(*found);
      fetched_ = now;
      log_.debug("AWS credentials",
                 {{"from", credentials_->origin},
                  {"until", credentials_->expires ? format_iso8601(*credentials_->expires) : "somebody revokes them"}});
    } else {
      failure_ = std::move(found.error());
      if (credentials_ && failure_.kind == ErrorKind::usage) failure_.kind = ErrorKind::denied;
      // Where they serve no longer, whoever signs says so.
      if (still_serve(standing(), now)) {
        log_.warn("renewing the AWS credentials failed, those in hand still serve",
                  {{"error", to_string(failure_)}, {"from", credentials_->origin}});
      }
    }
    Result<Credentials> value = std::unexpected(failure_);
    if (still_serve(standing(), now)) value = *credentials_;
    // Not from within a fetch that ends at once: whoever is told may ask again.
    for (Done<Credentials>& done : std::exchange(waiting_, {})) answer(std::move(done), value);
  }

  std::unique_ptr<CredentialProvider> provider_;
  EventLoop& loop_;
  Clock& clock_;
  Random& random_;
  Log& log_;
  std::optional<Credentials> credentials_;
  Timestamp fetched_{};
  bool refused_ = false;  ///< those in hand
  bool refreshing_ = false;
  Error failure_;  ///< of the last refresh that gave nothing
  Retry rest_{kRest};
  Duration rests_until_{};
  std::vector<Done<Credentials>> waiting_;
  Lifeline lifeline_;
};

}  // namespace

std::unique_ptr<CredentialSource> share_credentials(std::unique_ptr<CredentialProvider> provider, EventLoop& loop,
                                                    Clock& clock, Random& random, Log& log) {
  return std::make_unique<SharedCredentials>(std::move(provider), loop, clock, random, log);
}

}  // namespace ctk::aws
