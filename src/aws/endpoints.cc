// Order of places: AWS SDKs and Tools Reference Guide.
#include "aws/endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "aws/profile.h"
#include "base/ascii.h"

namespace ctk::aws {
namespace {

std::string upper_snake(std::string_view text) {
  std::string result;
  for (char c : text) result += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

/// A part of AWS that is apart from the others, with its own names. Source: partitions.json of AWS's SDKs.
struct Partition {
  std::string_view regions;     ///< how the names of its regions begin
  std::string_view suffix;      ///< of its services' names
  std::string_view dual_stack;  ///< the same, of those that answer on IPv6 too, where there are such
};
constexpr std::array kPartitions{
    Partition{"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    Partition{"us-iso-", "c2s.ic.gov", "c2s.ic.gov"},
    Partition{"us-isob-", "sc2s.sgov.gov", "sc2s.sgov.gov"},
    Partition{"us-isof-", "csp.hci.ic.gov", "csp.hci.ic.gov"},
    Partition{"eu-isoe-", "cloud.adc-e.uk", "cloud.adc-e.uk"},
    Partition{"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    Partition{"", "amazonaws.com", "api.aws"},  // and GovCloud
};

const Partition& partition_of(std::string_view region) {
  return *std::ranges::find_if(kPartitions, [&](const Partition& each) { return region.starts_with(each.regions); });
}

/// What comes before the region in a service's name.
std::string host_prefix(const std::string& service) {
  if (service == "dynamodb-streams") return "streams.dynamodb";
  if (service == "sso") return "portal.sso";
  if (service == "sso-oidc") return "oidc";
  return service;
}

bool is_wanted(const char* variable, const char* setting, const std::optional<std::string>& profile_name,
               const Environment& environment) {
  if (environment.get(variable)) return environment.is_true(variable);
  const Result<Profile> profile = find_profile(profile_name, environment);
  return profile && ascii_lower(profile->get(setting).value_or("")) == "true";
}

std::string default_endpoint(const std::string& service, const std::string& region,
                             const std::optional<std::string>& profile, const Environment& environment) {
  const Partition& partition = partition_of(region);
  const bool dual_stack = is_wanted("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", profile, environment);
  const bool fips = is_wanted("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", profile, environment);
  // GovCloud's ordinary addresses are such ones.
  const bool apart = fips && (dual_stack || !region.starts_with("us-gov-"));
  return fmt::format("https://{}{}.{}.{}", host_prefix(service), apart ? "-fips" : "", region,
                     dual_stack ? partition.dual_stack : partition.suffix);
}

std::optional<std::string> configured_endpoint(const std::string& service, const std::optional<std::string>& profile_name,
                                               const Environment& environment) {
  if (environment.is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) return std::nullopt;
  if (auto url = environment.get("AWS_ENDPOINT_URL_" + upper_snake(service))) return url;
  if (auto url = environment.get("AWS_ENDPOINT_URL")) return url;
  Result<Profile> profile = find_profile(profile_name, environment);
  if (!profile) return std::nullopt;
  std::string lower_snake = service;
  std::replace(lower_snake.begin(), lower_snake.end(), '-', '_');
  if (auto url = profile->service_setting(lower_snake, "endpoint_url")) return url;
  return profile->get("endpoint_url");
}

}  // namespace

EndpointAddress split_endpoint(const std::string& url) {
  size_t host = url.find("://");
  host = host == std::string::npos ? 0 : host + 3;
  size_t path = std::min(url.find('/', host), url.size());
  EndpointAddress address{url, url.substr(host, path - host), url.substr(path)};
  if (address.path.empty()) {
    address.path = "/";
    address.url += '/';
  }
  std::string usual = url.starts_with("https:") ? ":443" : ":80";
  if (address.host.ends_with(usual)) address.host.resize(address.host.size() - usual.size());
  return address;
}

std::optional<std::string> find_region(const std::optional<std::string>& given, const std::optional<std::string>& profile,
                                       const Environment& environment) {
  if (given) return given;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (auto region = environment.get(name)) return region;
  }
  Result<Profile> found = find_profile(profile, environment);
  return found ? found->get("region") : std::nullopt;
}

std::string find_endpoint(const std::string& service, const std::string& region, const std::optional<std::string>& given,
                          const std::optional<std::string>& profile, const Environment& environment) {
  std::optional<std::string> url = given ? given : configured_endpoint(service, profile, environment);
  if (!url) return default_endpoint(service, region, profile, environment);
  while (url->ends_with('/')) url->pop_back();
  return *url;
}

}  // namespace ctk::aws
