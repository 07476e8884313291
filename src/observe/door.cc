#include "observe/door.h"

#include <algorithm>
#include <string>

#include "base/ascii.h"
#include "net/url.h"

namespace ctk::observe {
namespace {

constexpr std::string_view kBearer = "bearer ";

/// In a time that does not tell how much of it is right.
bool is_same(std::string_view given, std::string_view wanted) {
  unsigned difference = given.size() == wanted.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    const char other = wanted.empty() ? '\0' : wanted[i % wanted.size()];
    difference |= static_cast<unsigned char>(given[i] ^ other);
  }
  return difference == 0;
}

/// "localhost" of "localhost:8080", "::1" of "[::1]:8080".
std::string_view name_of(std::string_view host_header) {
  if (host_header.starts_with('[')) {
    const size_t close = host_header.find(']');
    return close == std::string_view::npos ? "" : host_header.substr(1, close - 1);
  }
  return host_header.substr(0, host_header.find(':'));
}

net::ServedAnswer refusal(int status, std::string_view sentence) {
  return {.status = status, .body = std::string(sentence) + "\n"};
}

}  // namespace

std::optional<net::ServedAnswer> refuse_page(const Door& door, const net::ServedRequest& request) {
  if (door.open || door.token || net::is_loopback(name_of(request.header("host")))) return std::nullopt;
  return refusal(421, "this port answers to the names of its own machine only");
}

std::optional<net::ServedAnswer> refuse(const Door& door, const net::ServedRequest& request) {
  if (!door.token) return refuse_page(door, request);
  const std::string_view given = request.header("authorization");
  const bool is_bearer = ascii_lower(given.substr(0, kBearer.size())) == kBearer;
  if (is_bearer && is_same(given.substr(kBearer.size()), door.token->reveal())) return std::nullopt;
  net::ServedAnswer answer = refusal(401, "this port asks for the token of --listen-token: Authorization: Bearer TOKEN");
  answer.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"ctk\"");
  return answer;
}

}  // namespace ctk::observe
