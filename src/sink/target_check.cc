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

}  // namespace

Result<std::string> check_writable_file(const std::string& path) {
  std::error_code unknown;
  const bool there = std::filesystem::exists(path, unknown);
  const std::string asked = there ? path : folder_of(path).string();
  // As who we are when the file is opened, which may be another than who has started us.
  if (eaccess(asked.c_str(), there ? W_OK : W_OK | X_OK) == 0) {
    return there ? fmt::format("{} may be written", path) : fmt::format("{} may be made", path);
  }
  const std::string why = std::strerror(errno);
  if (!there && !std::filesystem::exists(asked, unknown)) {
    return fail(ErrorKind::not_found, fmt::format("there is no folder {} for the file {}", asked, path), "",
                fmt::format("mkdir -p {}", asked));
  }
  return fail(ErrorKind::denied, fmt::format("{} may not be written", asked), why, fmt::format("chmod u+w {}", asked));
}

std::optional<uint64_t> free_bytes_beside(const std::string& path) {
  std::error_code failed;
  const auto space = std::filesystem::space(folder_of(path), failed);
  return failed ? std::nullopt : std::optional<uint64_t>(space.available);
}

}  // namespace ctk::sink
