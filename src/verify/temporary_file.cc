#include "verify/temporary_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace ctk::verify {
namespace {

std::unexpected<Error> failed(const char* doing) {
  return fail(ErrorKind::denied, std::string(doing) + " a temporary file failed", std::strerror(errno),
              "TMPDIR says where temporary files are");
}

}  // namespace

TemporaryFile::~TemporaryFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

Status TemporaryFile::append(std::span<const std::byte> bytes) {
  if (descriptor_ < 0) {
    std::error_code unknown;
    std::string name = (std::filesystem::temp_directory_path(unknown) / "ctk-verify-XXXXXX").string();
    descriptor_ = mkstemp(name.data());
    if (descriptor_ < 0) return failed("making");
    unlink(name.c_str());
  }
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed("writing");
    size_ += static_cast<uint64_t>(written);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Status TemporaryFile::read(uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const ssize_t read = pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) return failed("reading");
    offset += static_cast<uint64_t>(read);
    into = into.subspan(static_cast<size_t>(read));
  }
  return {};
}

}  // namespace ctk::verify
