// Fuzzes the URL parser: what it accepts comes back from its own parts, and a redacted text is redacted for good.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/url.h"

namespace {

/// An IPv6 address: its colons stay.
std::string address(const std::string& host) {
  std::string text;
  for (char c : host) text += c == ':' ? ":" : ctk::net::percent_encode(std::string(1, c));
  return text;
}

std::string to_text(const ctk::net::Url& url) {
  using ctk::net::percent_encode;
  std::string text = url.scheme + ":";
  bool has_user = !url.user.empty() || url.password;
  if (!url.hosts.empty() || has_user || url.path.starts_with("//")) text += "//";
  if (has_user) text += percent_encode(url.user);
  if (url.password) text += ":" + percent_encode(url.password->reveal());
  if (has_user) text += "@";
  for (const ctk::net::Endpoint& endpoint : url.hosts) {
    if (&endpoint != &url.hosts.front()) text += ",";
    bool ipv6 = endpoint.host.find(':') != std::string::npos;
    text += ipv6 ? "[" + address(endpoint.host) + "]" : percent_encode(endpoint.host);
    if (endpoint.port) text += ":" + std::to_string(*endpoint.port);
  }
  text += percent_encode(url.path, true);
  char separator = '?';
  for (const auto& [name, value] : url.query) {
    text += separator + percent_encode(name) + "=" + percent_encode(value);
    separator = '&';
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string redacted = ctk::net::redact_url(text);
  if (ctk::net::redact_url(redacted) != redacted) std::abort();
  ctk::Result<ctk::net::Url> url = ctk::net::parse_url(text);
  if (!url) return 0;
  ctk::Result<ctk::net::Url> again = ctk::net::parse_url(to_text(*url));
  if (!again || again->user != url->user || again->password != url->password || again->hosts != url->hosts ||
      again->path != url->path || again->query != url->query) {
    std::abort();
  }
  return 0;
}
