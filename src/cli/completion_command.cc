// `ctk completion` and `ctk man`: print what packages install.
#include "cli/completion.h"
#include "cli/exit_code.h"
#include "cli/run_commands.h"

namespace ctk::cli {

int run_completion(const CompletionCommand& command, World& world) {
  const std::string script = command.shell == "bash"  ? bash_completion()
                             : command.shell == "zsh" ? zsh_completion()
                                                      : fish_completion();
  return print_result(world, script) ? kDone : kFailed;
}

int run_man(World& world) { return print_result(world, manual_page()) ? kDone : kFailed; }

}  // namespace ctk::cli
