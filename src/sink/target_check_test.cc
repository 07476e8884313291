#include "sink/target_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/testing/temporary_folder.h"

namespace ctk::sink {
namespace {

using ::testing::HasSubstr;

class TargetCheckTest : public ::testing::Test {
 protected:
  const TemporaryFolder folder_;
};

TEST_F(TargetCheckTest, AFileMayBeMadeOrWritten) {
  const std::string file = folder_ / "lines";
  EXPECT_THAT(check_writable_file(file).value(), HasSubstr("may be made"));
  EXPECT_FALSE(std::filesystem::exists(file));
  std::ofstream(file) << "x";
  EXPECT_THAT(check_writable_file(file, FilesBeside::some).value(), HasSubstr("may be written"));
  EXPECT_GT(free_bytes_beside(file).value(), 0U);
}

TEST_F(TargetCheckTest, AFolderThatIsMissingIsToBeMade) {
  const auto found = check_writable_file(folder_ / "no" / "lines");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().hint, "mkdir -p " + (folder_ / "no").string());
  EXPECT_FALSE(free_bytes_beside(folder_ / "no" / "lines"));
}

TEST_F(TargetCheckTest, ALogThatIsNotCopiedBackIsTold) {
  const std::string file = folder_ / "rows.db", log = file + "-wal";
  EXPECT_FALSE(find_kept_log(file));
  std::ofstream(log) << "x";
  std::filesystem::resize_file(log, 16u << 20);
  EXPECT_FALSE(find_kept_log(file));
  std::filesystem::resize_file(log, 100u << 20);
  EXPECT_THAT(find_kept_log(file).value().message, HasSubstr("rows.db-wal has 100 MB"));
}

TEST_F(TargetCheckTest, AFileBesideThatMayNotBeWrittenIsTold) {
  if (geteuid() == 0) GTEST_SKIP() << "root may";
  const std::string file = folder_ / "rows.db";
  std::ofstream(file + "-shm") << "x";
  EXPECT_TRUE(check_writable_database(file));
  std::filesystem::permissions(file + "-shm", std::filesystem::perms::owner_read);
  EXPECT_EQ(check_writable_database(file).error().hint, "chmod u+w " + file + "-shm");
}

TEST_F(TargetCheckTest, WhoMayNotWriteIsTold) {
  if (geteuid() == 0) GTEST_SKIP() << "root may";
  const std::string file = folder_ / "lines";
  std::ofstream(file) << "x";
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  EXPECT_TRUE(check_writable_file(file));
  EXPECT_EQ(check_writable_file(file, FilesBeside::some).error().kind, ErrorKind::denied);
  EXPECT_EQ(check_writable_file(folder_ / "other").error().hint, "chmod u+w " + folder_.path().string());
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace ctk::sink
