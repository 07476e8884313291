// The grammar stands in url.h. What this file must not know: what a scheme or an option means.
#include "net/url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/ascii.h"
#include "net/connection_string.h"

namespace ctk::net {
namespace {

constexpr std::string_view kHidden = "***";
constexpr size_t npos = std::string_view::npos;

bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_scheme(std::string_view text) {
  auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
  };
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
         std::all_of(text.begin(), text.end(), allowed);
}

/// Whether "NAME:REST" cannot be a host and its port, because REST up to the path or query is no number.
bool has_no_port(std::string_view authority) {
  std::string_view head = authority.substr(0, authority.find_first_of("/?"));
  if (head.starts_with('[')) return false;
  size_t colon = head.find(':');
  return colon != npos && head.find(',') == npos && !is_digits(head.substr(colon + 1));
}

/// Where the `@` stands that ends the user part of what follows "//"; npos where there is none.
size_t find_user_end(std::string_view text) {
  if (text.starts_with('/')) return npos;
  size_t first = text.find('@');
  if (first == npos) return npos;
  if (text.find('?') < first && !has_no_port(text)) return npos;
  size_t slash = text.find('/');
  if (slash < first && text.find(':') > slash) return npos;
  size_t path = text.find_first_of("/?", first);
  return text.substr(0, path).rfind('@');
}

/// A text in its parts, nothing decoded or judged yet. They point into the text.
struct Parts {
  std::string_view scheme;
  bool has_authority = false;
  std::optional<std::string_view> user;
  std::optional<std::string_view> password;
  std::string_view hosts;
  std::string_view path;
  std::optional<std::string_view> query;
};

void split_query(std::string_view rest, Parts& parts) {
  size_t mark = rest.find('?');
  parts.path = rest.substr(0, mark);
  if (mark != npos) parts.query = rest.substr(mark + 1);
}

Parts split(std::string_view text) {
  Parts parts;
  size_t colon = text.find(':');
  parts.scheme = text.substr(0, colon);
  if (colon == npos) return parts;
  std::string_view rest = text.substr(colon + 1);
  parts.has_authority = rest.starts_with("//");
  if (parts.has_authority) {
    rest.remove_prefix(2);
    size_t at = find_user_end(rest);
    if (at != npos) {
      std::string_view user = rest.substr(0, at);
      size_t separator = user.find(':');
      parts.user = user.substr(0, separator);
      if (separator != npos) parts.password = user.substr(separator + 1);
      rest.remove_prefix(at + 1);
    }
    parts.hosts = rest.substr(0, rest.find_first_of("/?"));
    rest.remove_prefix(parts.hosts.size());
  }
  split_query(rest, parts);
  return parts;
}

std::unexpected<Error> bad_url(std::string_view text, std::string_view what) {
  return fail(ErrorKind::usage, fmt::format("malformed URL '{}': {}", redact_url(text), what), {},
              "percent-encode special characters of user, password and host");
}

std::optional<int> parse_port(std::string_view digits) {
  int port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port < 1 || port > 65535) return std::nullopt;
  return port;
}

bool is_host(std::string_view host) {
  if (host.empty()) return false;
  return std::none_of(host.begin(), host.end(), [](unsigned char c) {
    return c <= ' ' || c == 0x7f || std::string_view("\"<>\\^`{|}@").find(static_cast<char>(c)) != npos;
  });
}

/// One "HOST", "HOST:PORT" or "[IPv6]:PORT"; what is wrong with it otherwise, without its text, which may be part of a
/// secret.
std::expected<Endpoint, std::string_view> parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    size_t close = text.find(']');
    if (close == npos) return std::unexpected("an IPv6 address has no closing bracket");
    endpoint.host = percent_decode(text.substr(1, close - 1));
    port = text.substr(close + 1);
    has_port = port.starts_with(':');
    if (!port.empty() && !has_port) return std::unexpected("an IPv6 address is followed by neither port nor path");
    if (has_port) port.remove_prefix(1);
  } else {
    size_t colon = text.find(':');
    has_port = colon != npos;
    if (has_port) port = text.substr(colon + 1);
    endpoint.host = percent_decode(text.substr(0, colon));
    if (endpoint.host.find(':') != std::string::npos) return std::unexpected("a host holds a colon");
  }
  if (!is_host(endpoint.host)) return std::unexpected("a host is empty or holds a character that no host has");
  if (!has_port) return endpoint;
  endpoint.port = parse_port(port);
  if (!endpoint.port) return std::unexpected("a port is not a number from 1 to 65535");
  return endpoint;
}

std::expected<std::vector<Endpoint>, std::string_view> parse_hosts(std::string_view text) {
  std::vector<Endpoint> hosts;
  while (true) {
    size_t comma = text.find(',');
    auto endpoint = parse_endpoint(text.substr(0, comma));
    if (!endpoint) return std::unexpected(endpoint.error());
    hosts.push_back(std::move(*endpoint));
    if (comma == npos) return hosts;
    text.remove_prefix(comma + 1);
  }
}

std::vector<std::string_view> split_pairs(std::string_view query) {
  std::vector<std::string_view> pairs;
  while (true) {
    size_t end = query.find('&');
    pairs.push_back(query.substr(0, end));
    if (end == npos) return pairs;
    query.remove_prefix(end + 1);
  }
}

std::string redact_query(std::string_view query) {
  std::string text;
  char separator = '?';
  for (std::string_view pair : split_pairs(query)) {
    text += separator;
    separator = '&';
    size_t equals = pair.find('=');
    const std::string name = equals == npos ? "" : percent_decode(pair.substr(0, equals));
    if (names_a_secret(name)) {
      text += fmt::format("{}={}", pair.substr(0, equals), kHidden);
    } else if (ascii_lower(name) == "connection") {
      text += fmt::format("{}={}", pair.substr(0, equals), redact_connection(percent_decode(pair.substr(equals + 1))));
    } else {
      text += pair;
    }
  }
  return text;
}

/// A path without "//" before it, in which somebody may have forgotten the scheme of "KEY:SECRET@host/stream".
std::string redact_bare_path(std::string_view scheme, std::string_view path) {
  std::string name = ascii_lower(scheme);
  size_t at = path.rfind('@');
  if (at == npos || name.starts_with("file") || name.starts_with("ndjson") || name.starts_with("sqlite"))
    return std::string(path);
  return fmt::format("{}{}", kHidden, path.substr(at));
}

std::string redact_hosts_and_path(const Parts& parts) {
  std::string_view hosts = parts.hosts;
  // "KEY:SECRET/REST" without "@host": the secret stands where a port should be.
  if (!parts.user && has_no_port(hosts)) return fmt::format("{}:{}", hosts.substr(0, hosts.find(':')), kHidden);
  // "KEY%3ASECRET%40host", where somebody has escaped too much.
  if (percent_decode(hosts).find('@') != npos) return fmt::format("{}{}", kHidden, parts.path);
  return fmt::format("{}{}", hosts, parts.path);
}

}  // namespace

std::optional<std::string> Url::option(std::string_view name) const {
  for (auto pair = query.rbegin(); pair != query.rend(); ++pair) {
    if (pair->first == name) return pair->second;
  }
  return std::nullopt;
}

Result<Url> parse_url(std::string_view text) {
  Parts parts = split(text);
  if (text.find(':') == npos) return bad_url(text, "it begins with no scheme, such as dynamodb+cdc:// or sqlite:///");
  if (!is_scheme(parts.scheme))
    return bad_url(text, "the scheme before the first colon holds a character that no scheme has");
  Url url;
  url.scheme = ascii_lower(parts.scheme);
  if (parts.user) url.user = percent_decode(*parts.user);
  if (parts.password) url.password = Secret(percent_decode(*parts.password));
  if (!parts.hosts.empty()) {
    auto hosts = parse_hosts(parts.hosts);
    if (!hosts) return bad_url(text, hosts.error());
    url.hosts = std::move(*hosts);
  }
  url.path = percent_decode(parts.path);
  for (std::string_view pair : split_pairs(parts.query.value_or(""))) {
    if (pair.empty()) continue;
    size_t equals = pair.find('=');
    std::string name = percent_decode(pair.substr(0, equals));
    if (name.empty()) return bad_url(text, "an option has no name");
    url.query.emplace_back(std::move(name), equals == npos ? "true" : percent_decode(pair.substr(equals + 1)));
  }
  return url;
}

std::string redact_url(std::string_view text) {
  if (text.find(':') == npos) return std::string(text);
  Parts parts = split(text);
  std::string shown(parts.scheme);
  shown += ':';
  if (parts.has_authority) {
    shown += "//";
    if (parts.user) shown += *parts.user;
    if (parts.password) shown += fmt::format(":{}", kHidden);
    if (parts.user) shown += '@';
    shown += redact_hosts_and_path(parts);
  } else {
    shown += redact_bare_path(parts.scheme, parts.path);
  }
  if (parts.query) shown += redact_query(*parts.query);
  return shown;
}

bool is_loopback(std::string_view host) {
  const std::string name = ascii_lower(host);
  if (name == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, name.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, name.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string percent_encode(std::string_view text, bool keep_slash) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (char c : text) {
    unsigned char byte = static_cast<unsigned char>(c);
    bool plain = byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~');
    if (plain || (keep_slash && c == '/')) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    }
  }
  return encoded;
}

std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace ctk::net
