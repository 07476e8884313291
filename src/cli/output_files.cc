#include "cli/output_files.h"

#include <fmt/format.h>

#include <filesystem>

#include "sink/ndjson/ndjson_sink.h"

namespace ctk::cli {
namespace {

/// Lines that are appended to the file that is read would be read in their turn, and spoil it for the next.
Status check_differs_from_source(const std::string& output, const LoadPlan& plan) {
  const auto* file = std::get_if<FilePlan>(&plan.source.from);
  if (file == nullptr) return {};
  const std::string read = file->path == "-" ? "/dev/stdin" : file->path;
  std::error_code absent;
  if (!std::filesystem::is_regular_file(read, absent) || !std::filesystem::equivalent(read, output, absent)) return {};
  return fail(ErrorKind::usage, fmt::format("{} is the file that is read, and would be written to", output), "",
              "name another file");
}

}  // namespace

Status check_outputs_differ_from_source(const LoadPlan& plan) {
  if (plan.target.kind != table::Target::ndjson || plan.target.dry_run) return {};
  const std::string& path = plan.target.url.path;
  if (Status differ = check_differs_from_source(sink::is_standard_output(path) ? "/dev/stdout" : path, plan); !differ)
    return differ;
  return check_differs_from_source(plan.target.dead_letters_file.value_or("/dev/stderr"), plan);
}

}  // namespace ctk::cli
