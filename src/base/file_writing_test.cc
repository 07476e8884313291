#include "base/file_writing.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/testing/temporary_folder.h"

namespace ctk {
namespace {

class FileWritingTest : public testing::Test {
 protected:
  static std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  size_t files() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }
  const TemporaryFolder folder_;
};

TEST_F(FileWritingTest, OneContentGivesWayToTheOther) {
  const std::filesystem::path path = folder_ / "secret";
  ASSERT_TRUE(replace_file(path, "one", 0600));
  ASSERT_TRUE(replace_file(path, "another", 0600));
  EXPECT_EQ(content_of(path), "another");
  struct stat found{};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  EXPECT_EQ(files(), 1U) << "nothing is left beside it";
}

TEST_F(FileWritingTest, WhatCannotBeWrittenLeavesNothing) {
  const Status missing = replace_file(folder_ / "no" / "file", "x", 0600);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  std::filesystem::create_directory(folder_ / "taken");
  EXPECT_FALSE(replace_file(folder_ / "taken", "x", 0600));
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace ctk
