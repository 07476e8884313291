#include "sink/ndjson/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ctk::sink::ndjson {
namespace {

ErrorKind kind_of(int error) {
  switch (error) {
    case EPIPE: return ErrorKind::stopped;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EISDIR: return ErrorKind::refused;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorKind::denied;
    case ENOENT:
    case ENOTDIR: return ErrorKind::not_found;
    default: return ErrorKind::unreachable;
  }
}

std::unexpected<Error> failed(const char* doing, const std::string& name, int error) {
  return fail(kind_of(error), std::string("cannot ") + doing + " " + name, std::strerror(error));
}

}  // namespace

Output::~Output() {
  if (owned_ && descriptor_ >= 0) ::close(descriptor_);
}

Result<bool> Output::open() {
  if (descriptor_ >= 0) return true;
  constexpr mode_t kMode = 0644;
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
  if (descriptor_ < 0) return failed("open", path_, errno);
  return true;
}

Result<bool> Output::write(std::string_view text) {
  if (text.empty()) return true;
  Result<bool> opened = open();
  if (!opened) return opened;
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write to", path_, errno);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace ctk::sink::ndjson
