#include "cli/listening_client.h"

#include <fmt/format.h>

#include <utility>

#include "base/event_loop.h"
#include "net/curl_client.h"

namespace ctk::cli {
namespace {

constexpr Duration kPatience = std::chrono::seconds(10);

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

}  // namespace

Result<net::HttpResponse> ask_listening(const ListeningPort& port, const std::string& path, World& world,
                                        const std::stop_token& stop) {
  std::string url = port.url;
  while (url.ends_with('/')) url.pop_back();
  net::HttpRequest request;
  request.method = "GET";
  request.url = url + path;
  request.timeout = kPatience;
  request.stop = stop;
  if (port.token) request.headers.emplace_back("Authorization", "Bearer " + port.token->reveal());
  auto answer = fetch(std::move(request), world);
  if (!answer && answer.error().kind == ErrorKind::unreachable && answer.error().hint.empty()) {
    answer.error().hint = "does a relay run there with --listen?";
  }
  if (!answer || answer->status == 200 || answer->status == kUnhealthy) return answer;
  if (answer->status == 401)
    return fail(ErrorKind::denied, url + " asks for another token", "", "add --listen-token TOKEN");
  return fail(ErrorKind::refused, fmt::format("{}{} answers with status {}", url, path, answer->status), answer->body,
              "is this the URL of a --listen?");
}

}  // namespace ctk::cli
