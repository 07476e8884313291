#include "cli/listen_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/numbers.h"
#include "net/url.h"

namespace ctk::cli {
namespace {

/// "HOST:PORT" or "[IPv6]:PORT".
Status read_address(const std::string& text, ListenOptions& options) {
  const size_t colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : parse_number<uint16_t>(text.substr(colon + 1));
  std::string host = text.substr(0, colon);
  const bool in_brackets = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  if (in_brackets) host = host.substr(1, host.size() - 2);
  const bool ambiguous = !in_brackets && host.find(':') != std::string::npos;
  if (!port || host.empty() || ambiguous) {
    return usage(
        fmt::format("option --listen: found \"{}\", accepted is HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080; "
                    "port 0 picks a free one",
                    text));
  }
  options.host = std::move(host);
  options.port = *port;
  return {};
}

Status read_door(const ParsedWords& parsed, ListenOptions& options) {
  options.door.open = parsed.is_set("listen-open");
  auto token = listen_token(parsed);
  if (!token) return forward_error(std::move(token));
  options.door.token = std::move(*token);
  if (options.door.open && options.door.token)
    return usage(
        "options --listen-token and --listen-open: one asks for a token, the other for none; accepted is one of them");
  if (options.door.open || options.door.token || net::is_loopback(options.host)) return {};
  return usage(fmt::format("option --listen: other machines can reach {}, and nothing says who may ask", options.host),
               "add --listen-token TOKEN, or --listen-open for anybody; or listen on 127.0.0.1");
}

/// Of a header of HTTP: it is one line, and the blanks around it are lost on the way.
bool fits_header(std::string_view text) {
  const auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
  return !text.starts_with(' ') && !text.ends_with(' ') && std::ranges::none_of(text, is_control);
}

}  // namespace

Result<std::optional<Secret>> listen_token(const ParsedWords& parsed) {
  const auto token = parsed.flag("listen-token");
  if (!token) return std::nullopt;
  if (fits_header(*token)) return Secret(*token);
  return usage(
      "option --listen-token: found a text that begins or ends with a blank or holds a line end or another control "
      "character, accepted is one that a header of HTTP can bear");
}

Result<std::string> listening_url(const std::string& word) {
  const auto refused = [](const std::string& what) {
    return usage(what + "; accepted is http://HOST:PORT, as --listen says it");
  };
  std::string text = word.contains("://") ? word : "http://" + word;
  const auto url = net::parse_url(text);
  if (!url) return refused(url.error().message);
  const std::string shown = net::redact_url(word);
  if (url->scheme != "http" && url->scheme != "https")
    return refused(fmt::format("found {}, which is no URL of a relay that runs with --listen", shown));
  if (url->hosts.size() != 1) return refused(fmt::format("found {}, which does not name one host", shown));
  if (!url->query.empty()) return refused(fmt::format("found {}, which has a query", shown));
  return text;
}

Result<std::optional<ListenOptions>> listen_options(const ParsedWords& parsed) {
  const auto address = parsed.flag("listen");
  if (!address) {
    for (const char* name : {"listen-token", "listen-open", "health-window"}) {
      if (parsed.flag(name)) return usage(fmt::format("option --{} says how to --listen, which is not given", name));
    }
    return std::nullopt;
  }
  ListenOptions options;
  if (Status read = read_address(*address, options); !read) return forward_error(std::move(read));
  if (Status read = read_door(parsed, options); !read) return forward_error(std::move(read));
  if (const auto text = parsed.flag("health-window")) {
    const auto window = parse_duration(*text);
    if (!window || *window < std::chrono::seconds(1))
      return usage(fmt::format("option --health-window: found \"{}\", accepted is a duration of 1s or more", *text));
    options.health_window = *window;
  }
  return options;
}

}  // namespace ctk::cli
