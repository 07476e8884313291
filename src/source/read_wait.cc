#include "source/read_wait.h"

#include <poll.h>

#include <cerrno>
#include <cstring>

namespace ctk::source {

Status ReadWait::until_readable(int file, const std::string& name) const {
  for (;;) {
    pollfd ends[] = {{file, POLLIN, 0}, {stopping_.descriptor(), POLLIN, 0}};
    const int ready = ::poll(ends, 2, patient_ ? -1 : 0);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return fail(ErrorKind::refused, "cannot wait for " + name, std::strerror(errno));
    if ((ends[1].revents & POLLIN) != 0) return fail(ErrorKind::stopped, "reading " + name + " was stopped");
    if (ready > 0) return {};
    if (!patient_) return fail(ErrorKind::throttled, name + " has no more bytes yet");
  }
}

bool is_nothing_yet(const Error& error) { return error.kind == ErrorKind::throttled; }

}  // namespace ctk::source
