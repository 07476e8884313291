// Signals that end a program as something that a wait can be woken by, so that what runs elsewhere is stopped first.
#pragma once

#include <array>
#include <csignal>

namespace ctk::cli {

/// While one lives, SIGINT, SIGTERM and SIGHUP end nothing; afterwards they do what they did before. What the program was
/// started to ignore stays ignored. One at a time.
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
  /// The last one that has come; 0 where none has.
  int signal() const;
  /// Whether one has come that ends the program also where Ctrl-C only ends what it is doing.
  bool is_to_end() const { return signal() == SIGTERM || signal() == SIGHUP; }

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

  int bell_;
  std::array<struct sigaction, kSignals.size()> before_{};
};

/// Ends the program as this signal does by itself, so that a script that runs it ends too.
[[noreturn]] void end_by_signal(int signal);

}  // namespace ctk::cli
