#include "sink/target_check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace ctk::sink {
namespace {

std::filesystem::path folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

/// Says why by errno.
std::unexpected<Error> may_not_write(const std::string& path) {
  return fail(ErrorKind::denied, fmt::format("{} may not be written", path), std::strerror(errno),
              fmt::format("chmod u+w {}", path));
}

}  // namespace

Result<std::string> check_writable_file(const std::string& path, FilesBeside beside) {
  std::error_code unknown;
  const bool there = std::filesystem::exists(path, unknown);
  const std::string folder = folder_of(path).string();
  if (!std::filesystem::exists(folder, unknown)) {
    return fail(ErrorKind::not_found, fmt::format("there is no folder {} for the file {}", folder, path), "",
                fmt::format("mkdir -p {}", folder));
  }
  // As who we are when the file is opened, which may be another than who has started us.
  if (there && eaccess(path.c_str(), W_OK) != 0) return may_not_write(path);
  const bool needs_folder = !there || beside == FilesBeside::some;
  if (needs_folder && eaccess(folder.c_str(), W_OK | X_OK) != 0) return may_not_write(folder);
  return there ? fmt::format("{} may be written", path) : fmt::format("{} may be made", path);
}

std::optional<uint64_t> free_bytes_beside(const std::string& path) {
  std::error_code failed;
  const auto space = std::filesystem::space(folder_of(path), failed);
  return failed ? std::nullopt : std::optional<uint64_t>(space.available);
}

}  // namespace ctk::sink
