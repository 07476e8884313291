// For tests only: AWS's published vectors, which lie beside the repository where they are at hand and nowhere else.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace ctk::aws::test_vectors {

/// The folder of vectors, from CTK_AWS_VECTORS or beside the source directory; nothing where it is absent.
inline std::optional<std::filesystem::path> folder(const std::filesystem::path& source_directory) {
  const char* given = std::getenv("CTK_AWS_VECTORS");
  std::filesystem::path path =
      given != nullptr ? std::filesystem::path(given) : source_directory / ".." / "shared" / "vectors" / "aws";
  if (!std::filesystem::is_directory(path)) return std::nullopt;
  return path;
}

inline std::optional<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The folders in a folder, by name.
inline std::vector<std::filesystem::path> folders_in(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace ctk::aws::test_vectors
