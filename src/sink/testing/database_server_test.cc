#include "sink/testing/database_server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <utility>

namespace ctk::sink::testing {
namespace {

void give_to(const passwd* user, const std::string& path) {
  if (user != nullptr) (void)!::chown(path.c_str(), user->pw_uid, user->pw_gid);
}

}  // namespace

DatabaseServer::DatabaseServer(Kind kind) : kind_(std::move(kind)), port_(free_port()) {
  give_to(kind_.user, folder_.path());
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
