#include "cli/config_file.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <sstream>

#include "cli/commands.h"
#include "cli/placeholders.h"
#include "cli/suggest.h"

namespace ctk::cli {
namespace {

constexpr auto kProcessWords = std::to_array<std::string_view>(
    {"exit-on-failure", "listen", "listen-token", "listen-open", "health-window", "max-memory", "grace"});
/// Options whose values are lists.
constexpr auto kLists = std::to_array<std::string_view>({"include", "exclude", "rename"});
/// Texts that are numbers as often as not.
constexpr auto kNumbers = std::to_array<std::string_view>({"at", "seqno", "read-capacity"});

template <class Words>
bool is_one_of(std::string_view name, const Words& words) {
  return std::ranges::find(words, name) != words.end();
}

ConfigPlace place_of(const toml::source_region& region) { return {region.begin.line, region.begin.column}; }

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "a boolean";
    case toml::node_type::array: return "a list";
    case toml::node_type::table: return "a table";
    default: return "a date or time";
  }
}

/// A flag of commands as an option, so that values of both are checked alike.
OptionInfo as_option(const FlagInfo& flag) { return {.name = flag.name, .kind = flag.kind, .choices = flag.choices}; }

const FlagInfo* find_load_flag(std::string_view name) {
  const auto& flags = find_command("load")->flags;
  const auto found = std::ranges::find(flags, name, &FlagInfo::name);
  return found == flags.end() ? nullptr : &*found;
}

std::vector<std::string> relay_words() {
  std::vector<std::string> names = {"source", "target"};
  for (const OptionInfo& info : all_options()) {
    if (info.fate == OptionFate::works && info.stands_for.empty()) names.emplace_back(info.name);
  }
  return names;
}

class Reader {
 public:
  Reader(std::string path, const aws::Environment& environment) : environment_(environment) {
    config_.path = std::move(path);
  }

  Result<ConfigFile> read(const toml::table& root);

 private:
  std::unexpected<Error> error(ConfigPlace place, const Error& what) const {
    return config_error(config_.path, place, what);
  }
  std::unexpected<Error> error(const toml::source_region& region, std::string sentence, std::string hint = "") const {
    return error(place_of(region), Error{ErrorKind::usage, std::move(sentence), "", std::move(hint)});
  }

  Status read_process_word(const toml::key& name, const toml::node& value);
  Status read_defaults(const toml::node& node);
  Status read_relays(const toml::node& node);
  Status read_words(const toml::table& table, bool defaults, std::vector<ConfigOption>& words);
  Status read_family(const std::string& name, const toml::node& node, const toml::source_region& at,
                     std::vector<ConfigOption>& words);
  Status read_option(const OptionInfo& info, const std::string& name, const toml::node& node,
                     std::vector<ConfigOption>& words);
  std::unexpected<Error> unknown_word(const toml::key& name, bool defaults) const;
  /// The value as the command line would have it.
  Result<std::string> text_of(const OptionInfo& info, const std::string& name, const toml::node& node);
  Result<std::string> joined(const std::string& name, const toml::array& list);
  Result<std::string> filled(const std::string& text, const toml::node& at);

  const aws::Environment& environment_;
  ConfigFile config_;
  std::vector<ConfigOption> defaults_;
};

Result<ConfigFile> Reader::read(const toml::table& root) {
  const toml::node* relays = nullptr;
  for (auto&& [name, value] : root) {
    Status read;
    if (name.str() == "relay") {
      relays = &value;
    } else if (name.str() == "defaults") {
      read = read_defaults(value);
    } else {
      read = read_process_word(name, value);
    }
    if (!read) return forward_error(std::move(read));
  }
  if (relays == nullptr)
    return error({}, {ErrorKind::usage, "there is no [[relay]]", "", "a relay has a source and a target"});
  if (Status read = read_relays(*relays); !read) return forward_error(std::move(read));
  return std::move(config_);
}

Status Reader::read_process_word(const toml::key& name, const toml::node& value) {
  const std::string word(name.str());
  if (!is_one_of(word, kProcessWords)) {
    if (word == "source" || word == "target" || find_option(word) != nullptr)
      return error(name.source(), fmt::format("\"{}\" stands in [[relay]] or in [defaults]", word));
    std::vector<std::string> names(kProcessWords.begin(), kProcessWords.end());
    names.insert(names.end(), {"defaults", "relay"});
    return error(name.source(), fmt::format("unknown word \"{}\"{}", word, did_you_mean(word, names)),
                 fmt::format("at the top of the file stand {}; relays are [[relay]]", one_of(names)));
  }
  const FlagInfo* flag = find_load_flag(word);
  return read_option(flag != nullptr ? as_option(*flag) : *find_option(word), word, value, config_.process);
}

Status Reader::read_defaults(const toml::node& node) {
  if (node.is_table()) return read_words(*node.as_table(), true, defaults_);
  return error(node.source(), fmt::format("defaults: found {}, expected the table [defaults]", kind_of(node)));
}

Status Reader::read_relays(const toml::node& node) {
  if (!node.is_array() || node.as_array()->empty()) {
    return error(node.source(), fmt::format("relay: found {}, expected one [[relay]] for each of them", kind_of(node)));
  }
  for (const toml::node& each : *node.as_array()) {
    if (!each.is_table()) return error(each.source(), fmt::format("relay: found {}, expected a table", kind_of(each)));
    ConfigRelay relay{place_of(each.source()), {}};
    if (Status read = read_words(*each.as_table(), false, relay.words); !read) return read;
    for (const ConfigOption& fallback : defaults_) {
      if (relay.find(fallback.name) == nullptr) relay.words.push_back(fallback);
    }
    if (relay.find("source") == nullptr) return error(each.source(), "a relay needs a source");
    config_.relays.push_back(std::move(relay));
  }
  return {};
}

Status Reader::read_words(const toml::table& table, bool defaults, std::vector<ConfigOption>& words) {
  for (auto&& [name, value] : table) {
    const std::string word(name.str());
    const OptionInfo* info = find_option(word);
    Status read;
    if (word == "source" || word == "target") {
      read = read_option({.name = "URL"}, word, value, words);
    } else if (word == "positions-name" && defaults) {
      return error(name.source(), "positions-name is the name of one relay, and no default");
    } else if (defaults && is_one_of(word, kProcessWords)) {
      read = read_process_word(name, value);
    } else if (info != nullptr) {
      read = read_option(*info, word, value, words);
    } else if (word == "key-type" || word == "type") {
      read = read_family(word, value, name.source(), words);
    } else {
      return unknown_word(name, defaults);
    }
    if (!read) return read;
  }
  return {};
}

/// `key-type.id = "text"` is a table in a table.
Status Reader::read_family(const std::string& name, const toml::node& node, const toml::source_region& at,
                           std::vector<ConfigOption>& words) {
  if (!node.is_table()) {
    const OptionInfo* info = find_option(name);
    if (info != nullptr) return read_option(*info, name, node, words);
    return error(at, fmt::format("option {}: the name is missing that it is the type of: {}.NAME = TYPE", name, name));
  }
  for (auto&& [member, value] : *node.as_table()) {
    if (Status read = read_family(fmt::format("{}.{}", name, member.str()), value, member.source(), words); !read)
      return read;
  }
  return {};
}

Status Reader::read_option(const OptionInfo& info, const std::string& name, const toml::node& node,
                           std::vector<ConfigOption>& words) {
  auto text = text_of(info, name, node);
  if (!text) return forward_error(std::move(text));
  if (Status fits = check_option(info, name, *text); !fits) {
    const auto* written = node.as_string();
    if (written == nullptr || written->get() == *text) return error(place_of(node.source()), fits.error());
    // What a placeholder stands for is not repeated.
    return error(node.source(), fmt::format("option {}: found \"{}\", which stands for something else than {}", name,
                                            written->get(), accepted_values(info)));
  }
  if (info.kind == OptionKind::secret) config_.secrets.emplace_back(*text);
  words.push_back({name, std::move(*text), place_of(node.source()), &words == &defaults_});
  return {};
}

std::unexpected<Error> Reader::unknown_word(const toml::key& name, bool defaults) const {
  const std::string word(name.str());
  const std::string_view where = defaults ? "[defaults]" : "[[relay]]";
  if (is_one_of(word, kProcessWords)) {
    return error(name.source(), fmt::format("\"{}\" is the whole process's: it stands at the top of the file", word));
  }
  if (find_load_flag(word) != nullptr) {
    return error(name.source(), fmt::format("\"{}\" is a flag of the command line, and no option of a relay", word));
  }
  return error(name.source(), fmt::format("unknown option \"{}\" in {}{}", word, where, did_you_mean(word, relay_words())),
               "ctk load --help lists the options");
}

Result<std::string> Reader::text_of(const OptionInfo& info, const std::string& name, const toml::node& node) {
  const bool is_text = info.kind == OptionKind::text || info.kind == OptionKind::secret || info.kind == OptionKind::choice;
  const bool takes_numbers = info.kind == OptionKind::boolean ? false : !is_text || is_one_of(name, kNumbers);
  if (const auto* text = node.as_string()) return filled(text->get(), node);
  if (const auto* number = node.as_integer(); number != nullptr && takes_numbers) return std::to_string(number->get());
  if (const auto* boolean = node.as_boolean(); boolean != nullptr && info.kind == OptionKind::boolean)
    return std::string(boolean->get() ? "true" : "false");
  if (const auto* time = node.as_date_time(); time != nullptr && name == "at") {
    std::ostringstream text;
    text << time->get();
    return text.str();
  }
  if (const auto* list = node.as_array(); list != nullptr && is_one_of(name, kLists)) return joined(name, *list);
  return error(node.source(), fmt::format("option {}: found {}, accepted is {}{}", name, kind_of(node),
                                          accepted_values(info), is_text ? " in quotes" : ""));
}

Result<std::string> Reader::joined(const std::string& name, const toml::array& list) {
  std::string whole;
  for (const toml::node& each : list) {
    const auto* text = each.as_string();
    if (text == nullptr)
      return error(each.source(), fmt::format("option {}: found {} in the list, accepted are texts", name, kind_of(each)));
    auto part = filled(text->get(), each);
    if (!part) return part;
    whole += (whole.empty() ? "" : ",") + *part;
  }
  return whole;
}

Result<std::string> Reader::filled(const std::string& text, const toml::node& at) {
  auto result = fill_placeholders(text, environment_);
  if (!result) return error(place_of(at.source()), result.error());
  config_.secrets.insert(config_.secrets.end(), result->secrets.begin(), result->secrets.end());
  return std::move(result->text);
}

}  // namespace

const ConfigOption* ConfigRelay::find(std::string_view name) const {
  const auto found = std::ranges::find(words, name, &ConfigOption::name);
  return found == words.end() ? nullptr : &*found;
}

std::unexpected<Error> config_error(const std::string& path, ConfigPlace place, const Error& error) {
  return fail(error.kind, fmt::format("{}:{}:{}: {}", path, place.line, place.column, error.message), error.peer,
              error.hint);
}

Result<ConfigFile> read_config(std::string_view text, const std::string& path, const aws::Environment& environment) {
  try {
    return Reader(path, environment).read(toml::parse(text));
  } catch (const toml::parse_error& wrong) {
    std::string sentence(wrong.description());
    // A text goes on to its line's end, which is the first thing in it that may not be there.
    const bool in_text = sentence.contains("parsing string");
    return config_error(path, place_of(wrong.source()),
                        {ErrorKind::usage, "this is no TOML", std::move(sentence),
                         in_text ? "is the text's second quote missing?" : "texts stand in quotes: name = \"value\""});
  }
}

}  // namespace ctk::cli
