#include "table/paths.h"

#include "table/spec.h"

namespace ctk::table {

namespace {

/// Reads one text from left to right.
class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text) {}

  bool done() const { return at_ == text_.size(); }

  /// Takes `c` if it is next.
  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// A name that ends before one of `ends`; nothing where there is none.
  Result<std::string> name(std::string_view ends) {
    if (take('"')) return quoted();
    const size_t begin = at_;
    while (!done() && text_[at_] != '"' && ends.find(text_[at_]) == std::string_view::npos) ++at_;
    if (at_ == begin) return malformed("a name is missing");
    return std::string(text_.substr(begin, at_ - begin));
  }

  Result<Path> path(std::string_view ends) {
    Path path;
    do {
      Result<std::string> part = name(ends);
      if (!part) return forward_error(std::move(part));
      path.push_back(std::move(*part));
    } while (take('.'));
    return path;
  }

  std::unexpected<Error> malformed(const char* what) const {
    return fail(ErrorKind::usage,
                std::string(what) + " at character " + std::to_string(at_ + 1) + " of `" + std::string(text_) + "`", {},
                "a name that holds . , : or = stands in double quotes");
  }

 private:
  Result<std::string> quoted() {
    std::string name;
    while (!done()) {
      const char c = text_[at_++];
      if (c != '"') {
        name += c;
      } else if (!take('"')) {
        return name;
      } else {
        name += '"';
      }
    }
    return malformed("a closing quote is missing");
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<Path> parse_path(std::string_view text) {
  PathReader reader(text);
  Result<Path> path = reader.path(".");
  if (path && !reader.done()) return reader.malformed("a dot is missing");
  return path;
}

std::string path_text(const Path& path) {
  std::string text;
  for (const std::string& name : path) {
    if (!text.empty()) text += '.';
    if (!name.empty() && name.find_first_of(".,:=\"") == std::string::npos) {
      text += name;
      continue;
    }
    text += '"';
    for (const char c : name) text.append(c == '"' ? 2 : 1, c);
    text += '"';
  }
  return text;
}

Result<std::vector<std::string>> parse_path_list(const std::string& text) {
  std::vector<std::string> paths;
  PathReader reader(text);
  do {
    Result<Path> path = reader.path(".,");
    if (!path) return forward_error(std::move(path));
    paths.push_back(path_text(*path));
  } while (reader.take(','));
  if (!reader.done()) return reader.malformed("a comma is missing");
  return paths;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_rename_list(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> renames;
  PathReader reader(text);
  do {
    Result<Path> path = reader.path(".,:=");
    if (!path) return forward_error(std::move(path));
    if (!reader.take(':')) return reader.malformed("a colon is missing");
    Result<std::string> name = reader.name(".,:=");
    if (!name) return forward_error(std::move(name));
    renames.emplace_back(path_text(*path), std::move(*name));
  } while (reader.take(','));
  if (!reader.done()) return reader.malformed("a comma is missing");
  return renames;
}

}  // namespace ctk::table
