#include "cli/world.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/file_reading.h"
#include "base/file_writing.h"
#include "cli/dotenv.h"
#include "cli/exit_code.h"
#include "cli/shown_text.h"

namespace ctk::cli {
namespace {

constexpr size_t kLongestSecret = 1u << 20;

std::optional<std::string> read_file(const std::string& path) {
  auto content = read_small_file(path, kLongestFile);
  if (!content) return std::nullopt;
  return std::move(*content);
}

int report(World& world, const Error& error, std::string (*to_text)(const Error&)) {
  if (world.output.log_format == observe::LogFormat::json) {
    world.log.error(error.message, {{"kind", to_string(error.kind)}, {"peer", error.peer}, {"hint", error.hint}});
    return exit_code(error.kind);
  }
  std::string text = to_text(error);
  text.pop_back();  // the terminal ends lines itself
  say(world, text);
  return exit_code(error.kind);
}

extern "C" void on_broken_pipe(int) {
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    pollfd end{descriptor, 0, 0};
    const bool reader_gone = poll(&end, 1, 0) == 1 && (end.revents & POLLERR) != 0;
    if (!reader_gone) continue;
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
  }
}

}  // namespace

bool print_result(World& world, std::string_view text) {
  if (isatty(STDOUT_FILENO) != 0) world.terminal.set_live_line("");  // it would stand in the text until it is shown again
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) report_error(world, {ErrorKind::refused, "cannot write to standard output", std::strerror(errno), ""});
  return written;
}

void say(World& world, std::string_view text) {
  world.terminal.write_line(many_lines(world.redactor.redact(std::string(text))));
}

int report_error(World& world, const Error& error) { return report(world, error, error_text); }

int report_config_error(World& world, const Error& error) { return report(world, error, config_error_text); }

int report_statement_error(World& world, const Error& error) { return report(world, error, statement_error_text); }

void report_notice(World& world, const sink::Notice& notice) {
  if (world.output.quiet && !notice.is_warning) return;
  if (world.output.log_format == observe::LogFormat::json) {
    const auto line_of_level = notice.is_warning ? &Log::warn : &Log::info;
    return (world.log.*line_of_level)("the database says", {{"peer", notice.words}});
  }
  say(world, "ctk: " + shown_lines(notice.words));
}

std::optional<observe::ServiceManager> service_manager(const World& world) {
  const aws::Environment environment = world.environment();
  return observe::ServiceManager::of([&](const std::string& name) { return environment.get(name); }, ::getpid());
}

aws::Environment process_environment() {
  aws::Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) environment.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  environment.home = environment.get("HOME").value_or("");
  environment.read_file = read_file;
  environment.read_secret = [](const std::string& path) { return read_small_regular_file(path, kLongestSecret); };
  environment.keep_secret = [](const std::string& path, const std::string& content) {
    return replace_file(path, content, S_IRUSR | S_IWUSR);
  };
  return environment;
}

void load_dotenv() {
  const auto text = read_file(".env");
  if (!text) return;
  for (const auto& [name, value] : parse_dotenv(*text)) setenv(name.c_str(), value.c_str(), 0);
}

void keep_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) != -1) continue;
    // The lowest free number is taken, which is this one.
    (void)open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

void leave_quietly_on_broken_pipe() {
  struct sigaction action{};
  action.sa_handler = on_broken_pipe;
  action.sa_flags = SA_RESTART | SA_NODEFER;  // so that the handler can raise it again
  sigaction(SIGPIPE, &action, nullptr);
}

void outlive_size_limits() { signal(SIGXFSZ, SIG_IGN); }

bool is_readable_file(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

}  // namespace ctk::cli
