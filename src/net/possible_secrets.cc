// Too much is hidden here rather than too little: the texts are only taken out of what people read.
#include "net/possible_secrets.h"

#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "net/connection_string.h"
#include "net/url.h"

namespace ctk::net {
namespace {

constexpr size_t npos = std::string_view::npos;
/// Of each sign. A secret of a real service holds fewer.
constexpr size_t kMostSigns = 8;
/// What is shorter could be part of an ordinary word.
constexpr size_t kLongEnough = 8;

using Secrets = std::vector<std::string>;

std::vector<size_t> places_of(char sign, std::string_view text) {
  std::vector<size_t> places;
  for (size_t at = text.find(sign); at != npos && places.size() < kMostSigns; at = text.find(sign, at + 1))
    places.push_back(at);
  return places;
}

/// Where the segment of a path begins in which `at` stands.
size_t segment_of(std::string_view text, size_t at) {
  const size_t slash = text.substr(0, at).rfind('/');
  return slash == npos ? 0 : slash + 1;
}

void add_between_colon_and_at(std::string_view text, Secrets& secrets) {
  for (const size_t at : places_of('@', text)) {
    for (const size_t colon : places_of(':', text.substr(0, at))) {
      const std::string_view secret = text.substr(colon + 1, at - colon - 1);
      const size_t user = segment_of(text, colon);
      if (secret.empty()) continue;
      secrets.emplace_back(secret.size() < kLongEnough ? text.substr(user, at + 1 - user) : secret);
    }
  }
}

bool is_port(std::string_view text) {
  const std::string_view digits = text.substr(0, text.find_first_of(",/?"));
  return std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

/// What stands before an ARN, which is full of colons.
std::string_view before_arn(std::string_view text) {
  const std::string lower = ascii_lower(text);
  if (lower.starts_with("arn:")) return {};
  return text.substr(0, lower.find("/arn:"));
}

/// KEY:SECRET/REST: the secret itself may hold slashes.
void add_behind_colon(std::string_view text, Secrets& secrets) {
  text = before_arn(text);
  for (const size_t colon : places_of(':', text)) {
    const size_t segment = segment_of(text, colon);
    const std::string_view rest = text.substr(colon + 1);
    if (text.substr(segment).starts_with('[') || is_port(rest)) continue;
    std::vector<size_t> ends = places_of('/', rest);
    ends.push_back(rest.size());
    for (const size_t end : ends) {
      const std::string_view secret = rest.substr(0, end);
      const std::string_view with_user = text.substr(segment, colon + 1 + end - segment);
      if (!secret.empty()) secrets.emplace_back(secret.size() < kLongEnough ? with_user : secret);
    }
  }
}

/// Where the options begin: at a `?` that a NAME= follows before any `@`. Any other may be part of a password.
size_t options_of(std::string_view text) {
  for (const size_t mark : places_of('?', text)) {
    const size_t sign = text.find_first_of("=@", mark);
    if (sign != npos && text[sign] == '=') return mark;
  }
  return text.size();
}

bool is_file(std::string_view scheme) {
  const std::string name = ascii_lower(scheme);
  return name.starts_with("file") || name == "sqlite" || name == "ndjson";
}

bool is_of_a_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.'; }

/// `anywhere`: also behind blanks and the signs of a URL, rather than at the beginning and behind semicolons alone.
void add_members(std::string_view text, bool anywhere, Secrets& secrets) {
  size_t found = 0;
  for (size_t equals = text.find('='); equals != npos && found < kMostSigns; equals = text.find('=', equals + 1)) {
    size_t begin = equals;
    while (begin > 0 && is_of_a_name(text[begin - 1])) --begin;
    const bool is_member = begin == 0 || text[begin - 1] == ';';
    if (!(anywhere || is_member) || !names_a_secret(text.substr(begin, equals - begin))) continue;
    ++found;
    const std::string_view rest = text.substr(equals + 1);
    for (const char* ends : {";&", ";& "}) {
      const std::string_view secret = rest.substr(0, rest.find_first_of(ends));
      const std::string_view with_name = text.substr(begin, equals + 1 + secret.size() - begin);
      if (!secret.empty()) secrets.emplace_back(secret.size() < kLongEnough ? with_name : secret);
    }
    // A value in braces may hold semicolons.
    if (!rest.starts_with('{')) continue;
    const size_t close = std::min(rest.find("};"), rest.size() - 1);
    const std::string member = "pwd=" + std::string(rest.substr(0, close + 1));
    for (std::string& secret : secrets_of_connection(member)) secrets.push_back(std::move(secret));
  }
}

void add_all(std::string_view text, Secrets& secrets) {
  const size_t colon = text.find(':');
  if (colon == npos) return;
  const std::string_view scheme = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 1);
  rest.remove_prefix(std::min(rest.find_first_not_of("/ "), rest.size()));
  std::string_view place = rest.substr(0, options_of(rest));
  const std::string_view options = rest.substr(place.size());
  if (is_file(scheme)) place = place.substr(0, place.find('/'));
  add_between_colon_and_at(place, secrets);
  if (!is_file(scheme) && place.find('@') == npos) add_behind_colon(place, secrets);
  for (size_t begin = 0; begin < options.size();) {
    const size_t end = std::min(options.find('&', begin + 1), options.size());
    const std::string_view pair = options.substr(begin, end - begin);
    if (pair.find('=') != npos) add_between_colon_and_at(pair.substr(pair.find('=') + 1), secrets);
    begin = end;
  }
  add_members(is_file(scheme) ? options : text, true, secrets);
}

Secrets sorted(Secrets secrets) {
  std::ranges::sort(secrets);
  const auto repeated = std::ranges::unique(secrets);
  secrets.erase(repeated.begin(), repeated.end());
  return secrets;
}

}  // namespace

Secrets possible_secrets(std::string_view text) {
  Secrets secrets;
  add_all(text, secrets);
  add_all(percent_decode(text), secrets);
  return sorted(std::move(secrets));
}

Secrets possible_secrets_of_members(std::string_view text) {
  Secrets secrets;
  add_members(text, false, secrets);
  return sorted(std::move(secrets));
}

}  // namespace ctk::net
