#include "base/file_reading.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ctk {
namespace {

constexpr size_t kPiece = 64u << 10;

class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags)) {}
  ~OpenFile() {
    if (is_open()) ::close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

std::unexpected<Error> unreadable() {
  const int error = errno;
  const ErrorKind kind = error == ENOENT || error == ENOTDIR ? ErrorKind::not_found : ErrorKind::denied;
  return fail(kind, std::strerror(error));
}

Result<std::string> read_to_end(const OpenFile& file, size_t most_bytes) {
  std::string content;
  while (true) {
    const size_t held = content.size();
    content.resize(held + std::min(kPiece, most_bytes + 1 - held));
    const ssize_t read = ::read(file.descriptor(), content.data() + held, content.size() - held);
    content.resize(held + static_cast<size_t>(std::max<ssize_t>(read, 0)));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return unreadable();
    if (read == 0) return content;
    if (content.size() > most_bytes)
      return fail(ErrorKind::refused, "it holds more than " + std::to_string(most_bytes) + " bytes");
  }
}

Result<std::string> read_file(const std::string& path, size_t most_bytes, bool regular) {
  // A pipe that nobody writes is opened at once, to be refused.
  const OpenFile file(path, regular ? O_NONBLOCK | O_NOCTTY : O_NOCTTY);
  struct stat status{};
  if (!file.is_open() || ::fstat(file.descriptor(), &status) != 0) return unreadable();
  if (S_ISDIR(status.st_mode)) return fail(ErrorKind::refused, "it is no file");
  if (regular && !S_ISREG(status.st_mode)) return fail(ErrorKind::refused, "it is no regular file");
  return read_to_end(file, most_bytes);
}

}  // namespace

Result<std::string> read_small_file(const std::string& path, size_t most_bytes) {
  return read_file(path, most_bytes, false);
}

Result<std::string> read_small_regular_file(const std::string& path, size_t most_bytes) {
  return read_file(path, most_bytes, true);
}

}  // namespace ctk
