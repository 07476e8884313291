// How a reading thread waits for bytes of a pipe or a terminal, which may never come: every such wait can be ended.
#pragma once

#include <stop_token>
#include <string>

#include "base/error.h"
#include "base/stop_bell.h"

namespace ctk::source {

/// Shared by the streams of one file, on the thread that reads.
class ReadWait {
 public:
  /// A request to stop ends the wait that is under way and all later ones, with `stopped`.
  explicit ReadWait(const std::stop_token& stop = {}) : stopping_(stop) {}

  /// Whether to wait at all for what is not there yet: true at first.
  void set_patient(bool patient) { patient_ = patient; }
  /// Returns once `file` can be read without blocking, or is at its end; else `stopped`, or an error that
  /// is_nothing_yet() where nothing is there and nobody is patient. `name` is for messages.
  Status until_readable(int file, const std::string& name) const;

 private:
  StopBell stopping_;
  bool patient_ = true;
};

/// Whether an error of a stream only says that its next bytes have not come yet.
bool is_nothing_yet(const Error& error);

}  // namespace ctk::source
