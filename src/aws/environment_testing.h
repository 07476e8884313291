// For tests only: an environment made of values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "aws/environment.h"

namespace ctk::aws {

using Files = std::map<std::string, std::string>;

/// Variables and files as a test has them, at home in /home.
inline Environment environment_of(std::map<std::string, std::string> variables, const Files& files = {}) {
  return Environment{std::move(variables), "/home", [files](const std::string& path) -> std::optional<std::string> {
                       auto found = files.find(path);
                       if (found == files.end()) return std::nullopt;
                       return found->second;
                     }};
}

}  // namespace ctk::aws
