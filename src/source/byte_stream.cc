#include "source/byte_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ctk::source {
namespace {

class FileStream final : public ByteStream {
 public:
  FileStream(int file, bool owned, std::string name, const ReadWait& wait)
      : file_(file), owned_(owned), name_(std::move(name)), wait_(wait) {
    struct stat status{};
    regular_ = ::fstat(file_, &status) == 0 && S_ISREG(status.st_mode);
    if (regular_) size_ = static_cast<uint64_t>(status.st_size);
    if (const off_t at = ::lseek(file_, 0, SEEK_CUR); at > 0) offset_ = static_cast<uint64_t>(at);
    begin_ = offset_;
  }
  ~FileStream() override {
    if (owned_) ::close(file_);
  }
  FileStream(const FileStream&) = delete;
  FileStream& operator=(const FileStream&) = delete;

  Result<size_t> read(char* into, size_t size) override {
    for (;;) {
      if (Status ready = wait_.until_readable(file_, name_); !ready) return forward_error(std::move(ready));
      const ssize_t got = ::read(file_, into, size);
      if (got == 0 && size > 0 && offset_ < size_) return cut_short();
      if (got >= 0) {
        offset_ += static_cast<uint64_t>(got);
        return static_cast<size_t>(got);
      }
      // EAGAIN: another reader of the same pipe was quicker.
      if (errno != EINTR && errno != EAGAIN)
        return fail(ErrorKind::refused, fmt::format("cannot read {} from byte {} on", name_, offset_),
                    std::strerror(errno));
    }
  }

  bool rewind() override {
    if (!regular_ || ::lseek(file_, static_cast<off_t>(begin_), SEEK_SET) < 0) return false;
    offset_ = begin_;
    return true;
  }

 private:
  std::unexpected<Error> cut_short() const {
    return fail(ErrorKind::corrupt,
                fmt::format("{} was cut short while it was read: it ends at byte {}, and had {}", name_, offset_, size_),
                "", "what lies before is applied; load it again once nobody writes to it");
  }

  int file_;
  bool owned_;
  std::string name_;
  const ReadWait& wait_;
  bool regular_ = false;
  uint64_t size_ = 0;    ///< of a regular file, when it was opened
  uint64_t begin_ = 0;   ///< where standard input stood
  uint64_t offset_ = 0;  ///< of the next byte
};

}  // namespace

std::string name_of(const std::string& path) { return path == "-" ? "standard input" : "file '" + path + "'"; }

Result<std::unique_ptr<ByteStream>> open_file(const std::string& path, const ReadWait& wait) {
  if (path == "-") return std::make_unique<FileStream>(STDIN_FILENO, false, name_of(path), wait);
  // A named pipe that nobody writes to is waited for where the wait can be ended.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    const ErrorKind kind = errno == EACCES ? ErrorKind::denied : ErrorKind::not_found;
    return fail(kind, "cannot open " + name_of(path), std::strerror(errno));
  }
  return std::make_unique<FileStream>(file, true, name_of(path), wait);
}

}  // namespace ctk::source
