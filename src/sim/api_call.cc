#include "sim/api_call.h"

#include <fmt/format.h>

namespace ctk::sim {

Error to_error(std::string_view action, const ServiceError& refusal) {
  return {aws::classify_aws_error(refusal.code, refusal.status),
          fmt::format("{} failed", action),
          fmt::format("{}: {}", refusal.code, refusal.message),
          {}};
}

std::unexpected<Error> lost_call(std::string_view action) {
  return fail(ErrorKind::unreachable, fmt::format("{} had no answer", action), "connection reset by peer");
}

std::unexpected<Error> too_large(std::string_view action, size_t most) {
  return fail(ErrorKind::too_large, fmt::format("{} answered with more than {} bytes", action, most));
}

}  // namespace ctk::sim
