// SIGINT as something that a wait can be woken by, instead of the end of the program.
#pragma once

#include <csignal>

namespace ctk::cli {

/// While one lives, SIGINT ends nothing; afterwards it does what it did before. One at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// Readable while one has come that was not taken.
  int descriptor() const { return bell_; }
  /// Takes what has come; false where nothing has.
  bool take();

 private:
  int bell_;
  struct sigaction before_{};
};

/// Ends the program as SIGINT does by itself, so that a script that runs it ends too.
[[noreturn]] void end_as_interrupted();

}  // namespace ctk::cli
