// What every command needs of the world: made once in `main`, handed down.
#pragma once

#include <functional>
#include <string_view>

#include "aws/environment.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/time.h"
#include "cli/command_line.h"
#include "observe/log_format.h"
#include "observe/service_manager.h"
#include "observe/terminal.h"
#include "sink/sink.h"

namespace ctk::cli {

struct World {
  Clock& clock;
  Random& random;
  Log& log;
  observe::Terminal& terminal;  ///< standard error
  const observe::Redactor& redactor;
  OutputOptions output;
  /// The process's environment as it is now: variables, home, files.
  std::function<aws::Environment()> environment;
  Metrics* metrics = nullptr;  ///< where to count, if somebody asks for figures
};

/// Writes a result to standard output at once; false where that fails, which has been said then.
bool print_result(World& world, std::string_view text);

/// Says a sentence, or lines, to a person on standard error: secrets are left out, and what a terminal would obey (control
/// characters out of data, marks that turn the direction of writing) is shown as escapes.
void say(World& world, std::string_view text);

/// Says on standard error why a command ends, as text or as a JSON log line, and gives the exit code for it.
int report_error(World& world, const Error& error);

/// The same for what is wrong in a configuration file, as tools that point into files have it: FILE:LINE:COLUMN: sentence.
int report_config_error(World& world, const Error& error);

/// The same for a statement that a database refused: as text, its words keep their lines.
int report_statement_error(World& world, const Error& error);

/// Says on standard error what a database has to say besides its answer; where that is to be quiet, warnings only.
void report_notice(World& world, const sink::Notice& notice);

/// Who started this process as a service and wants to hear of it.
std::optional<observe::ServiceManager> service_manager(const World& world);

/// The environment of this process.
aws::Environment process_environment();

/// Sets the variables of `.env` in the working directory that are not set yet. Before any thread is made.
void load_dotenv();

/// Standard input, output and error that are closed are opened so that using them fails: a file that is opened later does
/// not take their place. Before anything is opened.
void keep_standard_descriptors();

/// A write to a standard output or error whose reader has gone ends the program quietly, as in any pipe of tools; the same
/// on a socket is an error of that socket only.
void leave_quietly_on_broken_pipe();

/// A file that may not grow any further (`ulimit -f`) is an error of that file's, as a full disk is.
void outlive_size_limits();

/// Bytes of a configuration file, of AWS's own and of `.env`: no file beyond it is read.
inline constexpr size_t kLongestFile = 16u << 20;

/// A regular file, pipe or device that can be opened; no directory.
bool is_readable_file(const std::string& path);

}  // namespace ctk::cli
