#include "cli/engine_words.h"

#include <optional>
#include <utility>

#include "cli/options.h"

namespace ctk::cli {
namespace {

constexpr const char* kTarget = "CTK_TARGET";
constexpr const char* kOptions = "CTK_OPTIONS";
constexpr std::string_view kLambda = "lambda";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// A shell's reading of one line.
class Splitter {
 public:
  Result<std::vector<std::string>> split(std::string_view line) {
    for (size_t i = 0; i < line.size(); ++i) take(line[i], i + 1 < line.size() ? line[i + 1] : '\0', i);
    if (quote_ != '\0') {
      return usage(std::string(kOptions) + " holds a quote (" + quote_ + ") that is not closed");
    }
    end_word();
    return std::move(words_);
  }

 private:
  void take(char c, char next, size_t& at) {
    if (c == '\\' && quote_ != '\'' && escapes(next)) {
      add(next);
      ++at;
    } else if (quote_ == '\0' && is_blank(c)) {
      end_word();
    } else if (quote_ == '\0' && (c == '\'' || c == '"')) {
      quote_ = c;
      if (!word_) word_.emplace();
    } else if (c == quote_ && quote_ != '\0') {
      quote_ = '\0';
    } else {
      add(c);
    }
  }

  bool escapes(char next) const {
    if (next == '\0') return false;
    return quote_ == '\0' || next == '"' || next == '\\' || next == '$' || next == '`';
  }
  void add(char c) {
    if (!word_) word_.emplace();
    *word_ += c;
  }
  void end_word() {
    if (word_) words_.push_back(std::move(*word_));
    word_.reset();
  }

  std::vector<std::string> words_;
  std::optional<std::string> word_;  ///< may be empty: ''
  char quote_ = '\0';
};

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view line) { return Splitter().split(line); }

std::vector<std::string> words_of_program(std::string_view program, std::vector<std::string> words,
                                          const aws::Environment& environment) {
  const bool is_bootstrap = program.substr(program.rfind('/') + 1) == "bootstrap";
  if (!is_bootstrap || !environment.get("AWS_LAMBDA_RUNTIME_API")) return words;
  const std::optional<std::string> handler = environment.get("_HANDLER");
  if (handler && !words.empty() && words.front() == *handler) words.erase(words.begin());
  if (words.empty() || words.front() != kLambda) words.insert(words.begin(), std::string(kLambda));
  return words;
}

Result<std::vector<std::string>> with_engine_words(const std::vector<std::string>& words,
                                                   const aws::Environment& environment) {
  if (words.empty() || (words.front() != "kcl-processor" && words.front() != kLambda)) return words;
  std::vector<std::string> all = {words.front()};
  // CloudWatch takes lines of JSON apart.
  if (words.front() == kLambda) all.emplace_back("--log-format=json");
  if (const auto target = environment.get(kTarget)) all.push_back("--target=" + *target);
  if (const auto options = environment.get(kOptions)) {
    Result<std::vector<std::string>> more = split_words(*options);
    if (!more) return more;
    all.insert(all.end(), std::make_move_iterator(more->begin()), std::make_move_iterator(more->end()));
  }
  all.insert(all.end(), words.begin() + 1, words.end());
  return all;
}

}  // namespace ctk::cli
