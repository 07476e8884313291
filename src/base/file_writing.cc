#include "base/file_writing.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ctk {

std::unexpected<Error> file_error(const std::string& doing, const std::string& name) {
  const int error = errno;
  const bool final = error == EPIPE || error == EFBIG;
  const ErrorKind kind = final                                                   ? ErrorKind::stopped
                         : error == ENOENT || error == ENOTDIR                   ? ErrorKind::not_found
                         : error == EACCES || error == EPERM || error == EROFS   ? ErrorKind::denied
                         : error == ENOSPC || error == EDQUOT || error == EISDIR ? ErrorKind::refused
                                                                                 : ErrorKind::unreachable;
  return fail(kind, "cannot " + doing + " " + name, std::strerror(error));
}

bool made_durable(int file) { return ::fdatasync(file) == 0 || errno == EINVAL || errno == ENOSYS; }

Status write_all(int file, std::string_view text, const std::string& name) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("write to", name);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Status replace_file(const std::string& path, std::string_view content, mode_t mode) {
  // Other processes may replace it at the same time; what one of them left unfinished has its number no more.
  const std::string beside = path + "." + std::to_string(::getpid()) + ".new";
  ::unlink(beside.c_str());
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return file_error("open", beside);
  Status put = write_all(file, content, beside);
  if (put && !made_durable(file)) put = file_error("store", beside);
  ::close(file);
  if (put && ::rename(beside.c_str(), path.c_str()) != 0) put = file_error("store", path);
  if (!put) ::unlink(beside.c_str());
  return put;
}

}  // namespace ctk
