#include "dynamodb/change.h"

namespace ctk::dynamodb {

std::string_view to_string(VersionKind kind) {
  switch (kind) {
    case VersionKind::kinesis: return "kinesis";
    case VersionKind::streams: return "streams";
    case VersionKind::file_sequence: return "file-sequence";
    case VersionKind::file_time: return "file-time";
  }
  return "?";
}

std::optional<VersionKind> parse_version_kind(std::string_view text) {
  for (VersionKind kind :
       {VersionKind::kinesis, VersionKind::streams, VersionKind::file_sequence, VersionKind::file_time}) {
    if (to_string(kind) == text) return kind;
  }
  return std::nullopt;
}

}  // namespace ctk::dynamodb
