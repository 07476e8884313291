// The process's surroundings as values: no part of this room looks at the process's own environment or disk.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/error.h"

namespace ctk::aws {

struct Environment {
  std::map<std::string, std::string> variables;
  std::string home;
  /// The content of a file, or nothing where it is not there.
  std::function<std::optional<std::string>(const std::string& path)> read_file;
  /// The content of a small regular file, or why not as the end of a sentence; nothing: there are no files.
  std::function<Result<std::string>(const std::string& path)> read_secret = {};
  /// Replaces a file that only its owner may read, as a whole; nothing: files stay as they are.
  std::function<Status(const std::string& path, const std::string& content)> keep_secret = {};

  /// The variable, or nothing where it is unset or blank.
  std::optional<std::string> get(const std::string& name) const;
  /// Whether the variable is "true", in letters of any case.
  bool is_true(const std::string& name) const;
  /// The content of a file whose path may begin with `~/`.
  std::optional<std::string> read(const std::string& path) const;
  /// What a file of a secret holds; an error's message says why not, as the end of a sentence.
  Result<std::string> secret(const std::string& path) const;
  /// Replaces it likewise.
  Status keep(const std::string& path, const std::string& content) const;

 private:
  std::string absolute(const std::string& path) const;
};

}  // namespace ctk::aws
