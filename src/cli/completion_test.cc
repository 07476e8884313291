#include "cli/completion.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include "cli/commands.h"

namespace ctk::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The standard output of a shell command.
std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  size_t size = 0;
  while ((size = fread(buffer.data(), 1, buffer.size(), pipe)) > 0) text.append(buffer.data(), size);
  pclose(pipe);
  return text;
}

/// A file with a name of its own, gone with its owner: other runs use the same directory.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    const int file = mkstemp(path_.data());
    if (file < 0) throw std::system_error(errno, std::generic_category(), path_);
    close(file);
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = testing::TempDir() + "ctk-completion-XXXXXX";
};

/// What bash offers behind `words`, the last of which is being typed. One offer a line.
std::string offers(const std::string& words) {
  const TemporaryFile script(bash_completion());
  return output_of("bash -c '. " + script.path() + "; COMP_WORDS=(ctk " + words +
                   "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _ctk; printf \"%s\\n\" \"${COMPREPLY[@]}\"'");
}

TEST(BashCompletion, CommandsFlagsAndValues) {
  if (std::system("command -v bash >/dev/null") != 0) GTEST_SKIP() << "there is no bash here";
  EXPECT_EQ(offers("sh"), "shell\nshow\n");
  EXPECT_EQ(offers("he"), "help\n");
  EXPECT_EQ(offers("help pos"), "positions\n");
  EXPECT_EQ(offers("shell --ti"), "--timeout\n");
  EXPECT_EQ(offers("shell --lay"), "\n");
  EXPECT_EQ(offers("positions \"\""), "list\nreset\nprune\n");
  EXPECT_EQ(offers("dead-letters \"\""), "list\nshow\nreplay\n");
  EXPECT_THAT(offers("load --re"), HasSubstr("--region\n"));
  EXPECT_THAT(offers("load table --key"), HasSubstr("--key-type.\n"));
  EXPECT_THAT(offers("load sqlite:///x.db --once --on-g"), "--on-gap\n");
  EXPECT_EQ(offers("load --on-gap \"\""), "stop\nskip\nresnapshot\n");
  EXPECT_EQ(offers("shell --format v"), "vertical\n");
  EXPECT_EQ(offers("completion \"\""), "bash\nzsh\nfish\n");
  EXPECT_THAT(offers("show table x --fo"), "--format\n");
  EXPECT_THAT(offers("\"\""), HasSubstr("lambda\n"));
}

TEST(ZshCompletion, StandsOnBashs) {
  EXPECT_THAT(zsh_completion(), testing::StartsWith("#compdef ctk\n"));
  EXPECT_THAT(zsh_completion(), HasSubstr("bashcompinit"));
}

TEST(FishCompletion, NamesEveryFlagOfLoad) {
  const std::string script = fish_completion();
  for (const FlagInfo& flag : flags_of(*find_command("load"))) {
    if (flag.name.find('.') != std::string_view::npos) continue;
    EXPECT_THAT(script, HasSubstr("'__fish_seen_subcommand_from load' -l " + std::string(flag.name)));
  }
  EXPECT_THAT(script, HasSubstr("-a lambda"));
}

TEST(ManualPage, HoldsEveryOptionAndCommand) {
  const std::string page = manual_page();
  EXPECT_THAT(page, HasSubstr(".TH CTK 1 \"\" \"ctk 0.1.0\""));
  for (const OptionInfo& info : all_options()) {
    const bool shown = info.fate == OptionFate::works && info.stands_for.empty();
    std::string name(info.is_family() ? info.name.substr(0, info.name.size() - 1) : info.name);
    for (size_t at = name.find('-'); at != std::string_view::npos; at = name.find('-', at + 2)) name.insert(at, "\\");
    EXPECT_EQ(page.find("\\fB\\-\\-" + name) != std::string_view::npos, shown) << info.name;
  }
  EXPECT_THAT(
      page,
      HasSubstr(
          "Of the options of a target these count: dsn, connection, dialect, unix\\-socket, ssl, sslmode, timeout.\n"));
  EXPECT_THAT(page, HasSubstr(".SS ctk dead\\-letters show ID [TARGET]"));
  EXPECT_THAT(page, HasSubstr("ctk lambda"));
}

TEST(ManualPage, HasExamplesThatFitATerminal) {
  constexpr size_t kIndent = 7, kColumns = 80;
  const std::string page = manual_page();
  std::string examples = page.substr(page.find(".SH EXAMPLES"));
  for (const char* spelling : {"\\-", "\\e"}) {
    for (size_t at = examples.find(spelling); at != std::string::npos; at = examples.find(spelling)) examples.erase(at, 1);
  }
  EXPECT_THAT(examples, HasSubstr("ctk check e\n"));
  for (size_t at = 0; at < examples.size(); at = examples.find('\n', at) + 1)
    EXPECT_LE(examples.find('\n', at) - at, kColumns - kIndent) << examples.substr(at, 100);
}

TEST(HelpText, NamesWhatCountsForTheCommand) {
  const std::string check = help_text("check");
  EXPECT_THAT(check, testing::AllOf(HasSubstr("as ctk load --help has them"), testing::Not(HasSubstr("--region"))));
  const std::string verify = help_text("verify");
  EXPECT_THAT(verify, testing::AllOf(HasSubstr("--region"), HasSubstr("--layout"), testing::Not(HasSubstr("--on-gap"))));
  EXPECT_THAT(help_text("record"), testing::AllOf(HasSubstr("--on-gap"), testing::Not(HasSubstr("--snapshot"))));
  for (const CommandInfo& command : all_commands()) {
    for (const std::string_view name : command.listed) {
      bool found = false;
      for (const OptionInfo& option : all_options()) found = found || (option.name == name && counts(command, option));
      EXPECT_TRUE(found) << command.path << ": " << name;
    }
  }
}

TEST(HelpText, EndsWithExamples) {
  for (const char* path : {"load", "check", "plan", "verify", "record", "shell", "dead-letters replay"}) {
    const std::string text = help_text(path);
    EXPECT_THAT(text.substr(text.find("\nExamples:\n")), HasSubstr(std::string("  ctk ") + path)) << path;
  }
}

TEST(HelpText, OfThePrograms) {
  EXPECT_THAT(help_text(""), HasSubstr("  positions list|reset|prune\n"));
  EXPECT_THAT(help_text("load"), HasSubstr("\n  --once                    stop at the newest record"));
  EXPECT_THAT(help_text("load"), HasSubstr("\n  --create-table=false      never run DDL [true]\n"));
  EXPECT_THAT(help_text("load"), HasSubstr("fan-out"));
  EXPECT_EQ(help_text("completion"),
            "Usage: ctk completion bash|zsh|fish [OPTION]...\n\nPrint the completion script of a shell.\n\n"
            "zsh looks in the folders of fpath: fpath+=~/.zfunc in ~/.zshrc, before compinit.\n\nEverywhere:\n"
            "  --log-format logfmt|json  how log lines look [logfmt]\n"
            "  --log-level error|warn|info|debug\n"
            "                            which log lines are written [info]\n"
            "  -q, --quiet               warnings, errors and dead letters only, no progress,\n"
            "                            no summary line\n"
            "  -h, --help                this text\n\nExamples:\n"
            "  ctk completion bash > ~/.local/share/bash-completion/completions/ctk\n"
            "  ctk completion zsh > ~/.zfunc/_ctk\n"
            "  ctk completion fish > ~/.config/fish/completions/ctk.fish\n");
}

}  // namespace
}  // namespace ctk::cli
