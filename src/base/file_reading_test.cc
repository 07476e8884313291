#include "base/file_reading.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/testing/temporary_folder.h"

namespace ctk {
namespace {

constexpr size_t kMost = 100'000;

class FileReadingTest : public testing::Test {
 protected:
  std::string file_of(const std::string& content) const {
    std::ofstream(folder_ / "file") << content;
    return folder_ / "file";
  }
  static std::string read(const std::string& path) {
    const auto content = read_small_regular_file(path, kMost);
    return content ? *content : "error: " + content.error().message;
  }
  const TemporaryFolder folder_;
};

TEST_F(FileReadingTest, ReadsAllOfIt) {
  const std::string long_text(kMost, 'x');
  EXPECT_EQ(read(file_of("")), "");
  EXPECT_EQ(read(file_of("a\nb\n")), "a\nb\n");
  EXPECT_EQ(read(file_of(long_text)), long_text);
  EXPECT_EQ(read_small_file(file_of(long_text), kMost), long_text);
}

TEST_F(FileReadingTest, FollowsLinks) {
  std::filesystem::create_symlink(file_of("secret"), folder_ / "link");
  EXPECT_EQ(read(folder_ / "link"), "secret");
}

TEST_F(FileReadingTest, ALongFileIsRefused) {
  EXPECT_EQ(read(file_of(std::string(kMost + 1, 'x'))), "error: it holds more than 100000 bytes");
  const auto endless = read_small_file("/dev/zero", kMost);
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().message, "it holds more than 100000 bytes");
}

TEST_F(FileReadingTest, PipesAndDevicesAreNotWaitedFor) {
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read(pipe), "error: it is no regular file");
  EXPECT_EQ(read("/dev/zero"), "error: it is no regular file");
  EXPECT_EQ(read_small_file("/dev/null", kMost), "");
}

TEST_F(FileReadingTest, SaysWhyThereIsNothing) {
  EXPECT_EQ(read(folder_ / "nowhere"), "error: No such file or directory");
  EXPECT_EQ(read(folder_.path()), "error: it is no file");
}

}  // namespace
}  // namespace ctk
