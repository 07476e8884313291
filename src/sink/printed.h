// What a dry run prints.
#pragma once

#include <ostream>

#include "base/error.h"

namespace ctk::sink {

/// Hands on what was printed to standard output; `stopped` where it takes no more, for then nobody reads what would follow.
Status flush_printed(std::ostream& out);

}  // namespace ctk::sink
