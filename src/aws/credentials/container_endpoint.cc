#include "aws/credentials/container_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "aws/credentials/header_value.h"
#include "base/ascii.h"
#include "net/url.h"

namespace ctk::aws {
namespace {

constexpr std::string_view kEcsHost = "http://169.254.170.2";

bool is_service(const std::string& host) {
  constexpr std::array<std::string_view, 3> kServices{"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
  return std::ranges::find(kServices, ascii_lower(host)) != kServices.end();
}

Result<std::string> read_full_uri(const std::string& uri) {
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorKind::usage,
                fmt::format("AWS_CONTAINER_CREDENTIALS_FULL_URI is \"{}\": {}", net::redact_url(uri), why));
  };
  const Result<net::Url> url = net::parse_url(uri);
  if (!url || url->hosts.size() != 1 || url->hosts.front().host.empty() || !url->user.empty() || url->password)
    return wrong("expected is http://HOST/PATH or https://HOST/PATH");
  if (url->scheme == "https") return uri;
  if (url->scheme != "http") return wrong("accepted are http:// and https://");
  const std::string& host = url->hosts.front().host;
  if (net::is_loopback(host) || is_service(host)) return uri;
  return wrong("without TLS only this machine itself, 169.254.170.2, 169.254.170.23 and fd00:ec2::23 are asked");
}

}  // namespace

Result<std::optional<ContainerEndpoint>> read_container_endpoint(const Environment& environment) {
  const auto relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const auto full = environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative && !full) return std::nullopt;
  ContainerEndpoint endpoint;
  if (relative) {
    if (!relative->starts_with('/')) {
      return fail(ErrorKind::usage,
                  fmt::format("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is \"{}\": expected is a path, /…", *relative));
    }
    endpoint.url = std::string(kEcsHost) + *relative;
  } else {
    Result<std::string> url = read_full_uri(*full);
    if (!url) return std::unexpected(url.error());
    endpoint.url = std::move(*url);
  }
  if (const auto token = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")) endpoint.token = Secret(*token);
  endpoint.token_file = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  return endpoint;
}

Result<std::optional<Secret>> container_token(const ContainerEndpoint& endpoint, const Environment& environment) {
  if (!endpoint.token_file && !endpoint.token) return std::nullopt;
  std::string token = endpoint.token ? endpoint.token->reveal() : "";
  std::string place = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
  if (endpoint.token_file) {
    place = *endpoint.token_file;
    const auto content = environment.read(place);
    if (!content) {
      return fail(ErrorKind::denied, fmt::format("the file {} with the token for it cannot be read", place), {},
                  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names it");
    }
    token = *content;
  }
  const std::optional<std::string> value = header_value(std::move(token));
  if (!value) return fail(ErrorKind::denied, fmt::format("{} holds more than one line, or no text", place));
  return Secret(*value);
}

}  // namespace ctk::aws
