// Regions, and where their services are.
#pragma once

#include <optional>
#include <string>

#include "aws/environment.h"

namespace ctk::aws {

struct ServiceEndpoint {
  std::string url;  ///< "https://kinesis.eu-central-1.amazonaws.com" or "http://localhost:4566"
  std::string region;
};

/// An endpoint's URL in the parts that a request is signed and sent with.
struct EndpointAddress {
  std::string url;   ///< with the path
  std::string host;  ///< as the Host header has it: without the scheme's usual port
  std::string path;  ///< "/" where there is none
};
EndpointAddress split_endpoint(const std::string& url);

/// --region, URL, AWS_REGION, AWS_DEFAULT_REGION, the profile's region.
std::optional<std::string> find_region(const std::optional<std::string>& given, const std::optional<std::string>& profile,
                                       const Environment& environment);

/// `endpoint-url`, AWS_ENDPOINT_URL_SERVICE, AWS_ENDPOINT_URL, the profile's endpoint_url (those of its `services` section
/// first), or the service's own address in the partition of the region ("https://kinesis.eu-central-1.amazonaws.com",
/// amazonaws.com.cn in China), as AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT or the profile want it. `service` is
/// "kinesis", "dynamodb", "dynamodb-streams", "sts", or "sso" for its portal.
std::string find_endpoint(const std::string& service, const std::string& region, const std::optional<std::string>& given,
                          const std::optional<std::string>& profile, const Environment& environment);

}  // namespace ctk::aws
