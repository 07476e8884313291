// What stands in a configuration file for something that does not: `${VAR}` is a variable of the environment,
// `${file:PATH}` the content of a file without the line end behind it, `$${` the text `${`. Pure.
//
// Between the `://` and the `@` of a URL, what is put in is percent-encoded: there a password may hold anything. Elsewhere
// it is put in as it is, so that a variable may hold a whole URL, or a host and its port.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/environment.h"
#include "base/error.h"
#include "base/named.h"

namespace ctk::cli {

struct FilledText {
  std::string text;
  std::vector<Secret> secrets;  ///< what came from files
};

/// `usage` where a variable is not set, a file cannot be read, or a placeholder does not end.
Result<FilledText> fill_placeholders(std::string_view text, const aws::Environment& environment);

}  // namespace ctk::cli
