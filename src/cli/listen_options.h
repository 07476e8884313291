// What `--listen` and the flags that belong to it mean. Pure.
#pragma once

#include <optional>

#include "cli/parsed_words.h"

namespace ctk::cli {

/// Nothing where --listen was not given. `usage` where an address that others can reach is to be open to anybody without
/// that being said.
Result<std::optional<ListenOptions>> listen_options(const ParsedWords& parsed);

/// The value of --listen-token, where it is given: with or without --listen.
Result<std::optional<Secret>> listen_token(const ParsedWords& parsed);

/// Where a process listens, as `http://HOST:PORT` or `HOST:PORT`: with its scheme.
Result<std::string> listening_url(const std::string& word);

}  // namespace ctk::cli
