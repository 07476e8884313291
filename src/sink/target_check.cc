#include "sink/target_check.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace ctk::sink {
namespace {

/// A run copies the log back after each 16 MB.
constexpr uint64_t kLargeLog = 64u << 20;

std::filesystem::path folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

/// What gives this process the right to write; `why`: errno.
std::string how_to_write(const std::string& path, int why) {
  if (why == EROFS) return "its file system is read-only: name another place";
  struct stat found{};
  const bool ours = ::stat(path.c_str(), &found) != 0 || found.st_uid == geteuid();
  return ours ? fmt::format("chmod u+w {}", path) : fmt::format("as root: chown {} {}", geteuid(), path);
}

/// Says why by errno.
std::unexpected<Error> may_not_write(const std::string& path) {
  const int why = errno;
  return fail(ErrorKind::denied, fmt::format("{} may not be written", path), std::strerror(why), how_to_write(path, why));
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

Result<std::string> check_writable_database(const std::string& path) {
  for (const char* ending : {"-wal", "-shm", "-journal"}) {
    const std::string file = path + ending;
    std::error_code unknown;
    if (std::filesystem::exists(file, unknown) && eaccess(file.c_str(), W_OK) != 0) return may_not_write(file);
  }
  return check_writable_file(path, FilesBeside::some);
}

std::optional<Error> find_kept_log(const std::string& path) {
  const std::string log = path + "-wal";
  std::error_code failed;
  const uint64_t bytes = std::filesystem::file_size(log, failed);
  if (failed || bytes < kLargeLog) return std::nullopt;
  return Error{
      ErrorKind::refused,
      fmt::format("{} has {} MB: it was not copied back for long, as where somebody holds a read open", log, bytes >> 20),
      "", fmt::format("end who reads it (fuser {}), then: sqlite3 {} 'PRAGMA wal_checkpoint(TRUNCATE)'", log, path)};
}

std::optional<uint64_t> free_bytes_beside(const std::string& path) {
  std::error_code failed;
  const auto space = std::filesystem::space(folder_of(path), failed);
  return failed ? std::nullopt : std::optional<uint64_t>(space.available);
}

}  // namespace ctk::sink
