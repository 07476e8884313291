#include "aws/credentials/environment_keys.h"

#include <fmt/format.h>

namespace ctk::aws {

Result<std::optional<Credentials>> read_environment_keys(const Environment& environment) {
  const auto key = environment.get("AWS_ACCESS_KEY_ID");
  const auto secret = environment.get("AWS_SECRET_ACCESS_KEY");
  if (!key && !secret) return std::nullopt;
  if (!key || !secret) {
    return fail(ErrorKind::usage, fmt::format("{} is set without {}", key ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                                              key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"));
  }
  Credentials found{AccessKeyId(*key), Secret(*secret)};
  if (const auto token = environment.get("AWS_SESSION_TOKEN")) found.session_token = Secret(*token);
  return found;
}

}  // namespace ctk::aws
