// How a reading thread waits for bytes of a pipe or a terminal, which may never come: every such wait can be ended.
#pragma once

#include <string>

#include "base/error.h"

namespace ctk::relay {

/// Shared by the streams of one file. `stop` may be called from any thread, the rest on the thread that reads.
class ReadWait {
 public:
  ReadWait();
  ~ReadWait();
  ReadWait(const ReadWait&) = delete;
  ReadWait& operator=(const ReadWait&) = delete;

  /// Ends the wait that is under way and all later ones, with `stopped`.
  void stop() const;
  /// Whether to wait at all for what is not there yet: true at first.
  void set_patient(bool patient) { patient_ = patient; }
  /// Returns once `file` can be read without blocking, or is at its end; else `stopped`, or an error that
  /// is_nothing_yet() where nothing is there and nobody is patient. `name` is for messages.
  Status until_readable(int file, const std::string& name) const;

 private:
  int stopping_;  ///< eventfd
  bool patient_ = true;
};

/// Whether an error of a stream only says that its next bytes have not come yet.
bool is_nothing_yet(const Error& error);

}  // namespace ctk::relay
