// A configuration file: what it says of the process and of each relay, with the place of every word. Pure.
//
//   exit-on-failure = false          # of the process: this, listen, listen-token, listen-open, health-window, max-memory,
//   listen = "127.0.0.1:9000"        # grace; also in [defaults]
//   [defaults]                       # options of every relay that means something by them
//   region = "eu-central-1"
//   [[relay]]                        # one each
//   positions-name = "orders"
//   source = "dynamodb+cdc://aws/orders"
//   target = "postgresql://ctk:${file:/run/secrets/pg}@db/main?table=orders"
//   key-type.id = "text"             # a family's member; also "key-type.id" = "text"
//
// Options have the names and values of the command line; numbers and booleans may stand without quotes, and include,
// exclude and rename may be lists.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/environment.h"
#include "base/error.h"
#include "base/named.h"
#include "cli/options.h"

namespace ctk::cli {

/// In the file, from 1 on.
struct ConfigPlace {
  size_t line = 1, column = 1;
};

struct ConfigOption {
  std::string name;
  std::string value;  ///< checked, placeholders filled in
  ConfigPlace place;  ///< of the value
  bool is_default = false;
};

struct ConfigRelay {
  ConfigPlace place;
  std::vector<ConfigOption>
      words;  ///< `source`, `target`, and its options; its own win over defaults, which are in here too

  /// Nothing where it is not given.
  const ConfigOption* find(std::string_view name) const;
};

struct ConfigFile {
  std::string path;  ///< for messages
  std::vector<ConfigOption> process;
  std::vector<ConfigRelay> relays;
  std::vector<Secret> secrets;  ///< what no output may repeat, beside passwords in URLs
};

/// "FILE:LINE:COLUMN: sentence", of kind `usage`.
std::unexpected<Error> config_error(const std::string& path, ConfigPlace place, const Error& error);

/// `text` is that of the file `path`.
Result<ConfigFile> read_config(std::string_view text, const std::string& path, const aws::Environment& environment);

}  // namespace ctk::cli
