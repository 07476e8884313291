// `ctk demo`.
#include "cli/options.h"
#include "cli/run_commands.h"

namespace ctk::cli {

int run_demo(const DemoCommand&, World& world) {
  return report_error(world, not_in_this_version("the command \"ctk demo\"").error());
}

}  // namespace ctk::cli
