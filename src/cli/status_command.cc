// `ctk status`: how relays are, once; of a process that listens, or of what is stored in a target.
#include <fmt/format.h>

#include <utility>

#include "cli/exit_code.h"
#include "cli/run_commands.h"
#include "cli/status_text.h"
#include "cli/target_session.h"
#include "cli/wiring.h"
#include "net/curl_client.h"

namespace ctk::cli {
namespace {

constexpr Duration kPatience = std::chrono::seconds(10);
constexpr int kUnhealthy = 503;

net::CurlOptions curl_options(const aws::Environment& environment) {
  net::CurlOptions options;
  options.ca_bundle = environment.get("SSL_CERT_FILE").value_or("");
  return options;
}

/// Asks, and waits for the answer.
Result<net::HttpResponse> fetch(net::HttpRequest request, World& world) {
  Result<net::HttpResponse> answer;
  ThreadLoop loop(world.clock);
  net::CurlClient http(loop, curl_options(world.environment()));
  loop.post([&] {
    http.send(std::move(request), [&](Result<net::HttpResponse> given) {
      answer = std::move(given);
      loop.quit();
    });
  });
  loop.run();
  return answer;
}

/// What the port of a --listen says of itself.
Result<net::HttpResponse> ask(const StatusCommand& command, const std::string& path, World& world) {
  std::string url = *command.url;
  while (url.ends_with('/')) url.pop_back();
  net::HttpRequest request;
  request.method = "GET";
  request.url = url + path;
  request.timeout = kPatience;
  if (command.token) request.headers.emplace_back("Authorization", "Bearer " + command.token->reveal());
  auto answer = fetch(std::move(request), world);
  if (!answer || answer->status == 200 || answer->status == kUnhealthy) return answer;
  if (answer->status == 401)
    return fail(ErrorKind::denied, url + " asks for another token", "", "add --listen-token TOKEN");
  return fail(ErrorKind::refused, fmt::format("{}{} answers with status {}", url, path, answer->status), answer->body,
              "is this the URL of a --listen?");
}

int show_listening(const StatusCommand& command, World& world) {
  const auto status = ask(command, "/status.json", world);
  if (!status) return report_error(world, status.error());
  const auto health = ask(command, "/healthz", world);
  if (!health) return report_error(world, health.error());
  auto text = status_text(status->body, health->body);
  if (!text) return report_error(world, text.error());
  if (!print_result(world, command.json ? status->body : *text)) return kFailed;
  return health->status == kUnhealthy ? kFailed : kDone;
}

int show_stored(const StatusCommand& command, World& world) {
  const auto session = TargetSession::open(command.target, world);
  if (!session) return report_error(world, session.error());
  const auto relays = (*session)->positions(std::nullopt);
  if (!relays) return report_error(world, relays.error());
  const Timestamp now = world.clock.now();
  const bool printed =
      print_result(world, command.json ? stored_status_json(*relays, now) : stored_status_text(*relays, now));
  return printed ? kDone : kFailed;
}

}  // namespace

int run_status(const StatusCommand& command, World& world) {
  return command.url ? show_listening(command, world) : show_stored(command, world);
}

}  // namespace ctk::cli
