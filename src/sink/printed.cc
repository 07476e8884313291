#include "sink/printed.h"

#include <cerrno>
#include <cstring>

namespace ctk::sink {

Status flush_printed(std::ostream& out) {
  errno = 0;
  if (out.flush()) return {};
  return fail(ErrorKind::stopped, "cannot write to standard output", errno == 0 ? "" : std::strerror(errno));
}

}  // namespace ctk::sink
