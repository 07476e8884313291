#include "sink/ndjson/output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>

namespace ctk::sink::ndjson {
namespace {

ErrorKind kind_of(int error) {
  switch (error) {
    case EPIPE:
    case EFBIG: return ErrorKind::stopped;
    case ENOSPC:
    case EDQUOT:
    case EISDIR: return ErrorKind::refused;
    case EBADF:  // standard output that was closed
    case EACCES:
    case EPERM:
    case EROFS: return ErrorKind::denied;
    case ENOENT:
    case ENOTDIR: return ErrorKind::not_found;
    default: return ErrorKind::unreachable;
  }
}

/// No waiting makes room in what is no file: /dev/full.
ErrorKind kind_of_write(int error, bool regular) {
  return error == ENOSPC && !regular ? ErrorKind::stopped : kind_of(error);
}

std::unexpected<Error> failed(ErrorKind kind, const char* doing, const std::string& name, int error) {
  return fail(kind, std::string("cannot ") + doing + " " + name, std::strerror(error));
}

std::unexpected<Error> failed(const char* doing, const std::string& name, int error) {
  return failed(kind_of(error), doing, name, error);
}

std::unexpected<Error> not_waited_for(const std::string& name) {
  return fail(ErrorKind::stopped, "the reader of " + name + " is not waited for any more");
}

/// Not every file system can: then what was written is as durable as it gets.
bool made_durable(int file) { return ::fdatasync(file) == 0 || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP; }

/// The size of a regular file; nothing where it is none.
std::optional<uint64_t> size_of(int file) {
  struct stat status{};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<uint64_t>(status.st_size);
}

/// Where the next byte goes.
uint64_t place_in(int file, uint64_t size) {
  if ((::fcntl(file, F_GETFL) & O_APPEND) != 0) return size;
  const off_t at = ::lseek(file, 0, SEEK_CUR);
  return at < 0 ? size : static_cast<uint64_t>(at);
}

/// The byte before `place`, of a file that is open for writing only; nothing where it may not be read.
std::optional<char> byte_before(int file, uint64_t place) {
  const int reading = ::open(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (reading < 0) return std::nullopt;
  char byte = 0;
  const ssize_t got = ::pread(reading, &byte, 1, static_cast<off_t>(place - 1));
  ::close(reading);
  if (got != 1) return std::nullopt;
  return byte;
}

}  // namespace

Output::~Output() {
  if (owned_ && descriptor_ >= 0) ::close(descriptor_);
}

Result<bool> Output::open() {
  if (descriptor_ < 0) {
    constexpr mode_t kMode = 0644;
    // A named pipe that nobody reads is told at once: whoever wants to wait for a reader asks again.
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, kMode);
    if (descriptor_ < 0) return failed("open", path_, errno);
    // For as long as it is used: whoever cannot have it alone does not shorten it.
    ::flock(descriptor_, LOCK_SH | LOCK_NB);
  }
  if (!looked_) look_at_end();
  return true;
}

void Output::look_at_end() {
  looked_ = true;
  const std::optional<uint64_t> size = size_of(descriptor_);
  regular_ = size.has_value();
  const uint64_t place = regular_ ? place_in(descriptor_, *size) : 0;
  if (place == 0) return;
  const std::optional<char> last = byte_before(descriptor_, place);
  torn_ = last != '\n';  // An empty line hurts nobody, where it cannot be seen.
  if (!last || !torn_) return;
  log_.warn(path_ + " does not end with a whole line: what is there becomes a line of its own", {{"bytes", place}});
}

Result<bool> Output::write(std::string_view lines) {
  if (lines.empty()) return true;
  Result<bool> opened = open();
  if (!opened) return opened;
  whole_ = false;
  end_ = 0;
  was_torn_ = torn_;
  Result<bool> written = true;
  const auto write = [&] { written = append_lines(lines); };
  if (beside_) {
    beside_(descriptor_, write);
  } else {
    write();
  }
  if (written && regular_ && !made_durable(descriptor_)) written = failed("store what was written to", path_, errno);
  if (written) {
    torn_ = false;
  } else if (end_ > 0 && !cut_back()) {
    torn_ = last_ != '\n';
  }
  return written;
}

void Output::take_back() {
  if (end_ > 0) cut_back();
}

Result<bool> Output::append_lines(std::string_view lines) {
  if (torn_) {
    if (Result<bool> ended = append("\n"); !ended) return ended;
  }
  return append(lines);
}

Result<bool> Output::append(std::string_view text) {
  while (!text.empty()) {
    if (!regular_) {
      if (Status room = wait_for_room(); !room) return forward_error(std::move(room));
    }
    // What others have open, too, is left as it is: there a write that is larger than the room would wait for its reader.
    const size_t most = owned_ || regular_ ? text.size() : std::min<size_t>(text.size(), PIPE_BUF);
    const ssize_t written = ::write(descriptor_, text.data(), most);
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) return failed(kind_of_write(errno, regular_), "write to", path_, errno);
    const off_t place = regular_ ? ::lseek(descriptor_, 0, SEEK_CUR) : -1;
    const auto count = static_cast<uint64_t>(written);
    const uint64_t from = place < 0 ? 0 : static_cast<uint64_t>(place) - count;
    if (end_ == 0) begin_ = from;
    whole_ = place >= 0 && (end_ == 0 || (whole_ && from == end_));
    end_ = from + count;
    last_ = text[count - 1];
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

Status Output::wait_for_room() const {
  for (;;) {
    pollfd ends[] = {{descriptor_, POLLOUT, 0}, {stopping_.descriptor(), POLLIN, 0}};
    if (::poll(ends, 2, -1) < 0 && errno == EINTR) continue;
    if ((ends[1].revents & POLLIN) != 0) return not_waited_for(path_);
    return {};
  }
}

/// Nothing is left of the last write then. False where it cannot be, or where it would cost what someone else has written.
bool Output::cut_back() {
  if (!whole_ || size_of(descriptor_) != end_) return false;
  if (owned_ && ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    ::flock(descriptor_, LOCK_SH | LOCK_NB);  // A lock that could not be changed may be lost.
    return false;
  }
  const auto begin = static_cast<off_t>(begin_);
  const bool cut = size_of(descriptor_) == end_ && ::ftruncate(descriptor_, begin) == 0;
  if (cut) ::lseek(descriptor_, begin, SEEK_SET);
  if (owned_) ::flock(descriptor_, LOCK_SH | LOCK_NB);
  if (!cut) return false;
  torn_ = was_torn_;
  end_ = 0;
  return true;
}

}  // namespace ctk::sink::ndjson
