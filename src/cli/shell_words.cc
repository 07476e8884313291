#include "cli/shell_words.h"

namespace ctk::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\n\f;";
  const size_t first = text.find_first_not_of(kAround);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(kAround) - first + 1);
}

}  // namespace

ShellWord read_shell_word(std::string_view line) {
  using enum ShellWord::Kind;
  const std::string_view text = trimmed(line);
  const size_t blank = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, blank);
  const std::string_view argument = trimmed(text.substr(blank));
  if (argument.empty() && (word == "exit" || word == "quit")) return {leave, ""};
  if (argument.empty() && word == "help") return {help, ""};
  if (!word.starts_with('\\')) return {};
  if (word == "\\q") return {leave, ""};
  if (word == "\\?" || word == "\\h" || word == "\\help") return {help, ""};
  if (word == "\\x") return {expand, ""};
  const bool describes = word == "\\d" || word == "\\dt" || word == "\\d+";
  if (describes && argument.empty()) return {tables, ""};
  if (describes) return {describe, std::string(argument)};
  return {unknown, std::string(word)};
}

std::string_view shell_help() {
  return "A statement ends with a semicolon and may take many lines.\n"
         "  \\d           list tables and views\n"
         "  \\d NAME      list a table's columns\n"
         "  \\x           print rows a line a cell, or as before\n"
         "  \\?, help     this text\n"
         "  \\q, exit     leave; so does Ctrl-D\n"
         "  Tab          completes words of SQL, tables and columns\n"
         "  Ctrl-C       drops the line, or stops the statement that runs\n";
}

}  // namespace ctk::cli
