// `ctk dead-letters list|show`.
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/report_text.h"
#include "cli/run_commands.h"
#include "cli/target_session.h"

namespace ctk::cli {

int run_dead_letters(const DeadLettersCommand& command, World& world) {
  const auto session = TargetSession::open(command.target, world);
  if (!session) return report_error(world, session.error());
  auto letters = (*session)->dead_letters(command.id);
  if (!letters && letters.error().kind == ErrorKind::not_found) letters = std::vector<sink::DeadLetter>{};
  if (!letters) return report_error(world, letters.error());
  if (command.id && letters->empty()) {
    return report_error(world, {ErrorKind::not_found, fmt::format("there is no dead letter \"{}\"", *command.id), "",
                                "ctk dead-letters list shows what there is"});
  }
  std::string text;
  if (command.id) {
    text = command.json ? dead_letter_json(letters->front()) : dead_letter_text(letters->front());
  } else {
    text = command.json ? dead_letters_json(*letters) : dead_letters_text(*letters);
  }
  return print_result(world, text) ? kDone : kFailed;
}

}  // namespace ctk::cli
