// Which file a SQLite target's URL names.
#pragma once

#include <string>

#include "net/url.h"

namespace ctk::sink {

/// As SQLAlchemy reads it: the URL's third slash only ends the empty host. ":memory:" where there is none.
std::string sqlite_file(const net::Url& url);

}  // namespace ctk::sink
