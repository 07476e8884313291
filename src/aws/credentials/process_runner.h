// Runs the commands of credential_process, off the loop.
#pragma once

#include <stop_token>
#include <string>

#include "base/error.h"
#include "base/time.h"

namespace ctk::aws {

struct ProcessLimits {
  Duration time = std::chrono::minutes(1);
  size_t output_bytes = 64u << 10;
};

/// What the command writes to standard output, if it ends with 0. It runs in /bin/sh -c, in a process group of its own,
/// without input; what it writes to standard error is dropped, for it may hold secrets. It is killed with its group where
/// `stop` asks, and at the limits. Blocks. No error repeats the command or its output.
Result<std::string> run_command(const std::string& command, const ProcessLimits& limits, const std::stop_token& stop);

}  // namespace ctk::aws
