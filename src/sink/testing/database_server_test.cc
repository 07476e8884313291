#include "sink/testing/database_server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace ctk::sink::testing {
namespace {

void give_to(const passwd* user, const std::string& path) {
  if (user != nullptr) (void)!::chown(path.c_str(), user->pw_uid, user->pw_gid);
}

/// Each question to MariaDB's information schema makes tables of a moment. On a disk, making and removing their files takes
/// more of the processor than all else that the server does; little stands there at a time.
std::filesystem::path place_of_quick_folder() {
  const std::filesystem::path memory = "/dev/shm";
  std::error_code none;
  const std::filesystem::space_info room = std::filesystem::space(memory, none);
  const bool usable = !none && room.available > (256u << 20) && ::access(memory.c_str(), W_OK) == 0;
  return usable ? memory : std::filesystem::temp_directory_path();
}

}  // namespace

DatabaseServer::DatabaseServer(Kind kind)
    : kind_(std::move(kind)), quick_folder_(place_of_quick_folder()), port_(free_port()) {
  give_to(kind_.user, folder_.path());
  give_to(kind_.user, quick_folder_.path());
}

DatabaseServer::~DatabaseServer() { process_.stop(kind_.crash); }

std::string DatabaseServer::write(const std::string& name, const std::string& content) const {
  const std::string path = folder_ / name;
  std::ofstream(path) << content;
  give_to(kind_.user, path);
  return path;
}

Launch DatabaseServer::launch_of(std::vector<std::string> program) const {
  return {.arguments = std::move(program), .folder = folder_.path(), .user = kind_.user, .death_signal = kind_.crash};
}

bool DatabaseServer::make(std::vector<std::string> program, std::string& why, const std::string& input) {
  Launch launch = launch_of(std::move(program));
  launch.input = input;
  return run_to_end(launch, why);
}

bool DatabaseServer::start(std::vector<std::string> program, std::string& why) {
  launch_ = launch_of(std::move(program));
  return process_.start(launch_, kind_.ready, why);
}

void DatabaseServer::restart() {
  process_.stop(kind_.crash);
  std::string why;
  if (!process_.start(launch_, kind_.ready, why)) ADD_FAILURE() << "the server did not start again: " << why;
}

}  // namespace ctk::sink::testing
