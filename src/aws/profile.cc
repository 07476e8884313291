// The grammar of the shared files, line by line:
//
//   file     = { blank | comment | section | property | continuation }
//   comment  = ( "#" | ";" ) text                       also after a section, and after a property's value behind space
//   section  = "[" name "]"                             config: "default", "profile NAME", "sso-session NAME", "services
//   NAME" property = name "=" value                           names in any case continuation = space text belongs to the
//   property before; below an empty value it is itself
//                                                       "name = value" (a sub-property)
//
// Sections and properties whose names are not made of letters, digits and - / . % @ _ : + are left out.
#include "aws/profile.h"
#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace ctk::aws {
namespace {

constexpr std::string_view kSpace = " \t";

std::string_view trim(std::string_view text) {
  size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-/.%@_:+").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

/// Without a comment that begins behind space.
std::string_view without_comment(std::string_view line) {
  for (size_t i = 1; i < line.size(); ++i) {
    if ((line[i] == '#' || line[i] == ';') && kSpace.find(line[i - 1]) != std::string_view::npos) return line.substr(0, i);
  }
  return line;
}

class ProfileParser {
 public:
  explicit ProfileParser(bool is_config_file) : is_config_file_(is_config_file) {}

  /// What is wrong with the line, or "".
  std::string_view take(std::string_view line) {
    std::string_view content = trim(line);
    if (content.empty() || line.front() == '#' || line.front() == ';') return "";
    bool indented = kSpace.find(line.front()) != std::string_view::npos;
    if (indented && (content.front() == '#' || content.front() == ';')) return "";
    if (indented && content.front() != '[') return take_continuation(content);
    if (content.front() == '[') return take_section(content);
    return take_property(content);
  }

  ProfileFile finish() { return std::move(file_); }

 private:
  std::string_view take_section(std::string_view line) {
    line = trim(line.substr(0, line.find_first_of("#;")));
    if (!line.ends_with(']')) return "a section does not end with ']'";
    in_section_ = true;
    section_ = nullptr;
    property_ = Property::none;
    std::string name = section_name(trim(line.substr(1, line.size() - 2)));
    if (!name.empty()) section_ = &file_[name];
    return "";
  }

  /// The key in ProfileFile, or "" for a section that is left out.
  std::string section_name(std::string_view text) {
    if (!is_config_file_) return is_name(text) ? std::string(text) : "";
    size_t gap = text.find_first_of(kSpace);
    if (gap == std::string_view::npos) return text == "default" && !prefixed_default_ ? "default" : "";
    std::string_view kind = text.substr(0, gap);
    std::string_view name = trim(text.substr(gap));
    if (!is_name(name)) return "";
    if (kind == "sso-session" || kind == "services") return fmt::format("{} {}", kind, name);
    if (kind != "profile") return "";
    // Of "[default]" and "[profile default]" only the latter counts.
    if (name == "default" && !prefixed_default_) file_.erase("default");
    prefixed_default_ = prefixed_default_ || name == "default";
    return std::string(name);
  }

  std::string_view take_property(std::string_view line) {
    if (!in_section_) return "a property stands outside of a section";
    line = without_comment(line);
    size_t equals = line.find('=');
    if (equals == std::string_view::npos) return "a line is neither a section nor 'name = value'";
    std::string_view name = trim(line.substr(0, equals));
    if (name.empty()) return "a property has no name";
    property_ = Property::ignored;
    if (section_ == nullptr || !is_name(name)) return "";
    value_ = &(*section_)[ascii_lower(name)];
    *value_ = trim(line.substr(equals + 1));
    property_ = value_->empty() ? Property::nested : Property::plain;
    return "";
  }

  std::string_view take_continuation(std::string_view content) {
    if (!in_section_) return "a continued line stands outside of a section";
    if (property_ == Property::none) return "a continued line follows no property";
    if (property_ == Property::ignored) return "";
    if (property_ == Property::nested) {
      size_t equals = content.find('=');
      if (equals == std::string_view::npos) return "a line below a property without value is not 'name = value'";
      if (trim(content.substr(0, equals)).empty()) return "a property below another has no name";
    }
    *value_ += '\n';
    *value_ += content;
    return "";
  }

  enum class Property { none, ignored, plain, nested };

  bool is_config_file_;
  ProfileFile file_;
  bool in_section_ = false;
  bool prefixed_default_ = false;
  Settings* section_ = nullptr;  // none while a section is left out
  Property property_ = Property::none;
  std::string* value_ = nullptr;
};

/// An absent file is an empty one.
Result<ProfileFile> read_file(const std::string& path, bool is_config_file, const Environment& environment) {
  const std::optional<std::string> text = environment.read(path);
  if (!text) return ProfileFile{};
  Result<ProfileFile> file = parse_profile_file(*text, is_config_file);
  if (!file) return fail(ErrorKind::usage, fmt::format("cannot read {}: {}", path, file.error().message));
  return file;
}

/// Lays the section's settings over those that are there; false where there is no such section.
bool overlay(Settings& settings, const ProfileFile& file, const std::string& section) {
  auto entry = file.find(section);
  if (entry == file.end()) return false;
  for (const auto& [name, value] : entry->second) settings[name] = value;
  return true;
}

}  // namespace

Result<ProfileFile> parse_profile_file(const std::string& text, bool is_config_file) {
  ProfileParser parser(is_config_file);
  std::string_view rest = text;
  for (int number = 1; !rest.empty(); ++number) {
    size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::string_view problem = parser.take(line);
    if (!problem.empty()) return fail(ErrorKind::usage, fmt::format("line {}: {}", number, problem));
  }
  return parser.finish();
}

std::optional<std::string> Profile::get(const std::string& setting) const {
  auto found = settings.find(setting);
  if (found == settings.end() || trim(found->second).empty()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Profile::service_setting(const std::string& service, const std::string& setting) const {
  auto found = services.find(service);
  if (found == services.end()) return std::nullopt;
  std::string_view rest = found->second;
  while (!rest.empty()) {
    size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    size_t equals = line.find('=');
    if (equals == std::string_view::npos || ascii_lower(trim(line.substr(0, equals))) != setting) continue;
    return std::string(trim(line.substr(equals + 1)));
  }
  return std::nullopt;
}

Result<SharedFiles> SharedFiles::read(const Environment& environment) {
  SharedFiles files;
  files.config_path_ = environment.get("AWS_CONFIG_FILE").value_or("~/.aws/config");
  files.credentials_path_ = environment.get("AWS_SHARED_CREDENTIALS_FILE").value_or("~/.aws/credentials");
  Result<ProfileFile> config = read_file(files.config_path_, true, environment);
  if (!config) return forward_error(std::move(config));
  Result<ProfileFile> credentials = read_file(files.credentials_path_, false, environment);
  if (!credentials) return forward_error(std::move(credentials));
  files.config_ = std::move(*config);
  files.credentials_ = std::move(*credentials);
  return files;
}

std::optional<Profile> SharedFiles::profile(const std::string& name) const {
  Profile profile{name, {}, {}};
  const bool in_config = overlay(profile.settings, config_, name);
  const bool in_credentials = overlay(profile.settings, credentials_, name);
  if (!in_config && !in_credentials) return std::nullopt;
  if (const auto services = profile.get("services")) overlay(profile.services, config_, "services " + *services);
  return profile;
}

std::optional<Profile> SharedFiles::sso_session(const std::string& name) const {
  Profile session{name, {}, {}};
  if (!overlay(session.settings, config_, "sso-session " + name)) return std::nullopt;
  return session;
}

ProfileChoice choose_profile(const std::optional<std::string>& named, const Environment& environment) {
  if (named) return {*named, true};
  for (const char* variable : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (const auto name = environment.get(variable)) return {*name, true};
  }
  return {"default", false};
}

Result<Profile> find_profile(const ProfileChoice& choice, const SharedFiles& files) {
  if (auto found = files.profile(choice.name)) return std::move(*found);
  if (!choice.asked) return Profile{choice.name, {}, {}};
  return fail(ErrorKind::usage, fmt::format("there is no profile '{}' in {}", choice.name, files.places()));
}

Result<Profile> find_profile(const std::optional<std::string>& named, const Environment& environment) {
  const Result<SharedFiles> files = SharedFiles::read(environment);
  if (!files) return std::unexpected(files.error());
  return find_profile(choose_profile(named, environment), *files);
}

}  // namespace ctk::aws
