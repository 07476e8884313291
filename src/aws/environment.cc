#include "aws/environment.h"

#include "base/ascii.h"

namespace ctk::aws {

std::optional<std::string> Environment::get(const std::string& name) const {
  auto found = variables.find(name);
  if (found == variables.end() || found->second.find_first_not_of(" \t") == std::string::npos) return std::nullopt;
  return found->second;
}

bool Environment::is_true(const std::string& name) const {
  const std::optional<std::string> value = get(name);
  return value && ascii_lower(*value) == "true";
}

std::optional<std::string> Environment::read(const std::string& path) const {
  if (!read_file) return std::nullopt;
  return read_file(absolute(path));
}

Result<std::string> Environment::secret(const std::string& path) const {
  if (!read_secret) return fail(ErrorKind::denied, "files are not read here");
  return read_secret(path);
}

Status Environment::keep(const std::string& path, const std::string& content) const {
  if (!keep_secret) return fail(ErrorKind::denied, "files are not written here");
  return keep_secret(absolute(path), content);
}

std::string Environment::absolute(const std::string& path) const {
  return path.starts_with("~/") ? home + path.substr(1) : path;
}

}  // namespace ctk::aws
