#include "aws/credentials/instance_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "net/url.h"

namespace ctk::aws {
namespace {

struct Setting {
  std::string name;  ///< as the user wrote it, for messages
  std::string value;
};

std::optional<Setting> find_setting(const char* variable, const char* setting, const Profile& profile,
                                    const Environment& environment) {
  if (const auto value = environment.get(variable)) return Setting{variable, *value};
  if (const auto value = profile.get(setting))
    return Setting{fmt::format("{} of profile '{}'", setting, profile.name), *value};
  return std::nullopt;
}

bool is_address(const std::string& text) {
  const Result<net::Url> url = net::parse_url(text);
  const bool http = url && (url->scheme == "http" || url->scheme == "https");
  return http && url->hosts.size() == 1 && !url->hosts.front().host.empty() && text.find(' ') == std::string::npos;
}

}  // namespace

Result<std::optional<InstanceMetadata>> read_instance_metadata(const Profile& profile, const Environment& environment) {
  if (environment.is_true("AWS_EC2_METADATA_DISABLED")) return std::nullopt;
  auto endpoint = find_setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint", profile, environment);
  if (endpoint) {
    if (!is_address(endpoint->value)) {
      return fail(ErrorKind::usage, fmt::format("{} is \"{}\": expected is http://HOST[:PORT]", endpoint->name,
                                                net::redact_url(endpoint->value)));
    }
    while (endpoint->value.ends_with('/')) endpoint->value.pop_back();
    return InstanceMetadata{endpoint->value};
  }
  const auto mode =
      find_setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode", profile, environment);
  const std::string chosen = mode ? ascii_lower(mode->value) : "ipv4";
  if (chosen == "ipv4") return InstanceMetadata{"http://169.254.169.254"};
  if (chosen == "ipv6") return InstanceMetadata{"http://[fd00:ec2::254]"};
  return fail(ErrorKind::usage, fmt::format("{} is \"{}\": accepted are IPv4 and IPv6", mode->name, mode->value));
}

std::optional<std::string> role_of_listing(std::string_view listing) {
  const std::string role(listing.substr(0, listing.find_first_of("\r\n")));
  const bool is_name = !role.empty() && std::ranges::all_of(role, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("+=,.@_-").find(static_cast<char>(c)) != std::string_view::npos;
  });
  return is_name ? std::optional(role) : std::nullopt;
}

}  // namespace ctk::aws
