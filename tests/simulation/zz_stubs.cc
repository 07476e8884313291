#include "aws/credentials.h"
#include "aws/errors.h"
#include "sink/sink.h"
namespace ctk::aws {
std::optional<std::string> find_region(const std::optional<std::string>&, const std::optional<std::string>&,
                                       const Environment&) {
  return {};
}
std::string find_endpoint(const std::string&, const std::string&, const std::optional<std::string>&,
                          const std::optional<std::string>&, const Environment&) {
  return {};
}
std::optional<std::string> Environment::get(const std::string&) const { return {}; }
ErrorKind classify_aws_error(std::string_view code, int status) {
  if (code == "ExpiredIteratorException") return ErrorKind::expired;
  if (code == "ResourceNotFoundException") return ErrorKind::not_found;
  if (code.find("Exceeded") != std::string_view::npos) return ErrorKind::throttled;
  return status >= 500 ? ErrorKind::unreachable : ErrorKind::refused;
}
}  // namespace ctk::aws
namespace ctk::sink {
DeadLetter make_dead_letter(const std::string& relay, const coordination::Incarnation&, const std::string& shard,
                            const std::string& position, uint32_t index, Timestamp now, std::string kind,
                            std::string reason, const std::string& record) {
  DeadLetter d;
  d.id = shard + position + std::to_string(index);
  d.time = now;
  d.relay = relay;
  d.kind = kind;
  d.reason = reason;
  d.change = record;
  return d;
}
}  // namespace ctk::sink
