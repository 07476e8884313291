#include "aws/credentials/credential_chain.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "aws/credentials/container_endpoint.h"
#include "aws/credentials/credential_answers.h"
#include "aws/credentials/header_value.h"
#include "aws/credentials/instance_metadata.h"
#include "aws/credentials/process_runner.h"
#include "aws/credentials/sso.h"
#include "aws/credentials/sts.h"
#include "aws/errors.h"
#include "base/job_queue.h"
#include "base/task.h"

namespace ctk::aws {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kTries = 3;
/// The services of this machine answer at once, or are not there.
constexpr Duration kNear = seconds(1);
constexpr Duration kContainer = seconds(5);
constexpr Duration kFar = seconds(10);

std::unexpected<Error> unanswered(std::string_view action, const std::string& role_arn, Error error) {
  error.message = fmt::format("{} of {}: {}", action, role_arn, error.message);
  return std::unexpected(std::move(error));
}

bool may_help_again(const Result<net::HttpResponse>& answer) {
  if (!answer) return answer.error().kind == ErrorKind::unreachable;
  return answer->status >= 500 || answer->status == 429;
}

/// One question of credentials at a time.
class CredentialChain final : public CredentialProvider {
 public:
  CredentialChain(CredentialRequest request, std::function<Environment()> environment, CredentialTools tools)
      : request_(std::move(request)), make_environment_(std::move(environment)), tools_(std::move(tools)) {}

  void fetch(Done<Credentials> done) override {
    environment_ = make_environment_();
    tasks_.spawn(follow_plan(), std::move(done));
  }

 private:
  using Answer = Result<Credentials>;
  using HttpAnswer = Result<net::HttpResponse>;

  Task<Answer> follow_plan() {
    const Result<CredentialPlan> plan = plan_credentials(request_, environment_);
    if (!plan) co_return std::unexpected(plan.error());
    Answer found = co_await fetch_base(plan->base);
    if (!found) co_return failure(*plan, found.error());
    found->origin = plan->origin;
    for (const AssumedRole& role : plan->roles) {
      Answer assumed = co_await assume(role, plan->sts, *found);
      if (!assumed) co_return failure(*plan, assumed.error());
      found = std::move(assumed);
      found->origin = fmt::format("{} by {}", role.role_arn, plan->origin);
    }
    worked_ = true;
    co_return found;
  }

  Task<Answer> fetch_base(const CredentialBase& base) {
    return std::visit([this](const auto& provider) { return fetch_from(provider); }, base);
  }

  Task<Answer> fetch_from(const Credentials& keys) const { co_return keys; }

  Task<Answer> fetch_from(const CredentialProcess& process) {
    if (!commands_) commands_.emplace(tools_.make_executor());
    const Result<std::string> output = co_await tasks_.answer<std::string>([&](Done<std::string> done) {
      commands_->run([command = process.command, stop = commands_->stop_token()] { return run_command(command, {}, stop); },
                     std::move(done));
    });
    if (!output) co_return std::unexpected(output.error());
    co_return read_process_keys(*output);
  }

  Task<Answer> fetch_from(const WebIdentity& identity) {
    const std::optional<std::string> token = environment_.read(identity.token_file);
    if (!token) co_return fail(ErrorKind::denied, fmt::format("its token file {} cannot be read", identity.token_file));
    net::HttpRequest request = web_identity_request(identity, *token, tools_.clock.now());
    request.timeout = kFar;
    const HttpAnswer answer = co_await send(request);
    if (!answer) co_return unanswered("AssumeRoleWithWebIdentity", identity.role_arn, answer.error());
    co_return read_sts_answer("AssumeRoleWithWebIdentity", identity.role_arn, *answer);
  }

  Task<Answer> fetch_from(const SsoRole& role) {
    const std::string path = sso_token_path(role);
    const std::optional<std::string> text = environment_.read(path);
    if (!text) {
      co_return fail(ErrorKind::denied, fmt::format("nobody has signed in: there is no {}", path), {},
                     sso_login_hint(role));
    }
    Result<SsoSignIn> sign_in = co_await current_sign_in(role, path, *text);
    if (!sign_in) {
      if (sign_in.error().hint.empty()) sign_in.error().hint = sso_login_hint(role);
      co_return std::unexpected(sign_in.error());
    }
    net::HttpRequest request = sso_request(role, sign_in->token);
    request.timeout = kFar;
    const HttpAnswer answer = co_await send(request);
    if (!answer) co_return std::unexpected(answer.error());
    co_return read_sso_answer(role, *answer);
  }

  /// Renewed where it is about to end. One that cannot be serves until it is over.
  Task<Result<SsoSignIn>> current_sign_in(const SsoRole& role, const std::string& path, const std::string& text) {
    Result<SsoSignIn> sign_in = read_sso_sign_in(text, path, tools_.clock.now());
    if (!sign_in || !sign_in->is_due(tools_.clock.now())) co_return sign_in;
    const bool may_renew = role.renewal && sign_in->registration;
    if (!may_renew && sign_in->is_over(tools_.clock.now())) co_return std::unexpected(sign_in_is_over(*sign_in));
    if (!may_renew) co_return sign_in;
    Result<SsoSignIn> renewed = co_await renew_sign_in(role, path, text, *sign_in->registration);
    if (renewed) co_return renewed;
    if (sign_in->is_over(tools_.clock.now())) {
      Error error = sign_in_is_over(*sign_in);
      error.kind = renewed.error().kind;
      error.message += fmt::format(", and renewing it failed: {}", renewed.error().message);
      error.peer = renewed.error().peer;
      co_return std::unexpected(std::move(error));
    }
    tools_.log.warn("renewing the SSO sign-in failed, the one in hand still serves",
                    {{"error", to_string(renewed.error())}, {"until", format_iso8601(sign_in->expires)}});
    co_return sign_in;
  }

  Task<Result<SsoSignIn>> renew_sign_in(const SsoRole& role, const std::string& path, const std::string& text,
                                        const SsoRegistration& registration) {
    net::HttpRequest request = sso_renewal_request(*role.renewal, registration);
    request.timeout = kFar;
    const HttpAnswer answer = co_await send(request);
    if (!answer) co_return std::unexpected(answer.error());
    const Timestamp now = tools_.clock.now();
    const Result<std::string> next = renewed_sso_file(text, *answer, now);
    if (next) {
      // The file is everybody's: AWS's tools, and other processes of ours. Without it, the token serves once.
      if (const Status kept = environment_.keep(path, *next); !kept) {
        tools_.log.warn("the renewed SSO sign-in cannot be stored", {{"error", to_string(kept.error())}});
      }
      co_return read_sso_sign_in(*next, path, now);
    }
    // A token renews once: somebody else may have been first.
    const std::string found = environment_.read(path).value_or("");
    Result<SsoSignIn> others = read_sso_sign_in(found, path, now);
    if (found != text && others && !others->is_due(now)) co_return others;
    co_return std::unexpected(next.error());
  }

  Task<Answer> fetch_from(const ContainerEndpoint& endpoint) {
    const Result<std::optional<Secret>> token = container_token(endpoint, environment_);
    if (!token) co_return std::unexpected(token.error());
    net::HttpRequest request = question("GET", endpoint.url, kContainer);
    request.headers.emplace_back("Accept", "application/json");
    if (*token) request.headers.emplace_back("Authorization", (*token)->reveal());
    const HttpAnswer answer = co_await send(request);
    if (!answer) co_return std::unexpected(answer.error());
    if (answer->status != 200) {
      co_return std::unexpected(aws_error("the question for a role's keys", answer->status, answer->body));
    }
    co_return read_service_keys(answer->body);
  }

  Task<Answer> fetch_from(const InstanceMetadata& metadata) {
    net::HttpRequest request = question("PUT", metadata.url + "/latest/api/token", kNear);
    request.headers.emplace_back("x-aws-ec2-metadata-token-ttl-seconds", "21600");
    const HttpAnswer token = co_await send(request);
    if (!token) co_return std::unexpected(token.error());
    if (token->status == 403)
      co_return fail(ErrorKind::denied, "the instance's metadata service is switched off (HTTP 403)");
    if (token->status != 200) {
      co_return std::unexpected(aws_error("the question for a session token", token->status, token->body));
    }
    const std::optional<std::string> session = header_value(token->body);
    if (!session) co_return fail(ErrorKind::denied, "the session token is more than one line, or no text");
    const std::string roles = metadata.url + "/latest/meta-data/iam/security-credentials/";
    const HttpAnswer listing = co_await ask_metadata(roles, *session);
    if (!listing) co_return std::unexpected(listing.error());
    if (listing->status == 404) co_return fail(ErrorKind::denied, "the instance has no role");
    const std::optional<std::string> role = role_of_listing(listing->body);
    if (listing->status != 200 || !role) {
      co_return fail(ErrorKind::denied, fmt::format("the instance's role cannot be read from HTTP {}", listing->status));
    }
    const HttpAnswer keys = co_await ask_metadata(roles + *role, *session);
    if (!keys) co_return std::unexpected(keys.error());
    if (keys->status != 200) {
      co_return fail(ErrorKind::denied, fmt::format("the keys of the role {} are HTTP {}", *role, keys->status));
    }
    co_return read_service_keys(keys->body);
  }

  Task<HttpAnswer> ask_metadata(std::string url, const std::string& token) {
    net::HttpRequest request = question("GET", url, kNear);
    request.headers.emplace_back("x-aws-ec2-metadata-token", token);
    HttpAnswer answer = co_await send(request);
    co_return answer;
  }

  Task<Answer> assume(const AssumedRole& role, const ServiceEndpoint& sts, const Credentials& signer) {
    net::HttpRequest request = assume_role_request(role, sts, signer, tools_.clock.now());
    request.timeout = kFar;
    const HttpAnswer answer = co_await send(request);
    if (!answer) co_return unanswered("AssumeRole", role.role_arn, answer.error());
    co_return read_sts_answer("AssumeRole", role.role_arn, *answer);
  }

  /// To a service of this machine: no proxy has a part in it.
  static net::HttpRequest question(std::string method, std::string url, Duration timeout) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.url = std::move(url);
    request.timeout = timeout;
    request.max_answer_bytes = 1u << 20;
    request.direct = true;
    return request;
  }

  Task<HttpAnswer> send(const net::HttpRequest& request) {
    Duration pause = milliseconds(100);
    for (int attempt = 1;; ++attempt) {
      HttpAnswer answer = co_await tasks_.answer<net::HttpResponse>(
          [&](Done<net::HttpResponse> done) { tools_.http.send(request, std::move(done)); });
      if (attempt == kTries || !may_help_again(answer)) co_return answer;
      co_await tasks_.pause(pause / 2 + Duration(tools_.random.below(static_cast<uint64_t>(pause.count() / 2))));
      pause *= 3;
    }
  }

  std::unexpected<Error> failure(const CredentialPlan& plan, Error error) const {
    using enum ErrorKind;
    const bool may_help = error.kind == unreachable || error.kind == throttled || error.kind == skewed;
    // Where nobody set anything up, a service that is not there means that we do not run where it is.
    const bool nothing = plan.last_resort && !worked_;
    if (nothing || (!may_help && error.kind != stopped)) error.kind = denied;
    std::string places = fmt::format("{}", fmt::join(plan.passed_over, ", "));
    if (nothing) {
      return fail(denied, "no AWS credentials found", std::move(error.peer),
                  fmt::format("looked at: {}, {} ({})", places, plan.origin, error.message));
    }
    error.message = fmt::format("no AWS credentials from {}: {}", plan.origin, error.message);
    if (error.hint.empty() && !places.empty()) error.hint = fmt::format("before it, looked at: {}", places);
    return std::unexpected(std::move(error));
  }

  const CredentialRequest request_;
  const std::function<Environment()> make_environment_;
  const CredentialTools tools_;
  Environment environment_;  ///< as it is for the question under way
  bool worked_ = false;
  std::optional<JobQueue> commands_;
  TaskGroup tasks_{tools_.loop};
};

}  // namespace

std::unique_ptr<CredentialProvider> make_credential_chain(CredentialRequest request,
                                                          std::function<Environment()> environment, CredentialTools tools) {
  return std::make_unique<CredentialChain>(std::move(request), std::move(environment), std::move(tools));
}

std::unique_ptr<CredentialSource> make_credential_source(CredentialRequest request,
                                                         std::function<Environment()> environment, CredentialTools tools) {
  auto chain = make_credential_chain(std::move(request), std::move(environment), tools);
  return share_credentials(std::move(chain), tools.loop, tools.clock, tools.random, tools.log);
}

}  // namespace ctk::aws
