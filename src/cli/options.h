// Every option of a source or target, as one table: what a URL's query and the command line's flags are read by alike, and
// what help, completion and the manual page are made from.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "net/url.h"

namespace ctk::cli {

enum class OptionKind {
  boolean,            ///< true|false|1|0|yes|no; as a flag, no value means true
  duration,           ///< 250ms 5s 15m 2h 7d; a bare number is seconds
  duration_or_never,  ///< the same, or `never`
  size,               ///< 64KB 4MB 1GB; a bare number is bytes
  integer,
  choice,
  text,
  secret,  ///< text that is never repeated
};

/// Where an option may stand, besides as a flag.
enum class OptionScope {
  source,  ///< the source's URL
  target,  ///< the target's URL
  run,     ///< either URL: it belongs to neither side
};

/// Which targets an option of the target's means something to.
enum class TargetSet { all, cratedb, mysql, sql_servers, databases, odbc, ndjson };

/// Which sources an option of the source's means something to.
enum class SourceSet { all, kinesis, table };

enum class OptionFate {
  works,
  no_effect,  ///< accepted for old command lines, said in a debug line
};

struct OptionInfo {
  std::string_view name;  ///< ends in "." for an open family (`key-type.`): any name may follow
  OptionScope scope = OptionScope::source;
  OptionKind kind = OptionKind::text;
  std::string_view fallback{};  ///< the default, as documented; empty: none
  std::string_view help{};
  std::string_view choices{};  ///< "earliest|latest", for `choice`
  long min = 0;                ///< of integers, of sizes in bytes, of durations in seconds
  long max = 1'000'000'000;
  TargetSet targets = TargetSet::all;
  SourceSet sources = SourceSet::all;
  OptionFate fate = OptionFate::works;
  std::string_view stands_for{};  ///< an older name: the option that is meant

  bool is_family() const { return name.ends_with('.'); }
};

std::span<const OptionInfo> all_options();
/// By its whole name; `key-type.id` finds the family. Nothing where there is none.
const OptionInfo* find_option(std::string_view name);
/// The words of "a|b|c".
std::vector<std::string> split_choices(std::string_view choices);
/// What a value may be: "true or false", "a duration such as 250ms, 5s, 15m, 2h or 7d", ….
std::string accepted_values(const OptionInfo& info);

/// Flags as they stood on the command line: `--region x` is ("region", "x"). The last one of a name counts.
using FlagValues = std::vector<std::pair<std::string, std::string>>;

/// Options that were given, checked, by name. The getters are for values that have been checked by read_options.
class OptionValues {
 public:
  bool has(std::string_view name) const { return values_.contains(std::string(name)); }
  std::optional<std::string> text(std::string_view name) const;
  bool boolean(std::string_view name, bool fallback) const;
  std::optional<Duration> duration(std::string_view name) const;
  std::optional<size_t> size(std::string_view name) const;
  std::optional<int> integer(std::string_view name) const;
  /// What follows the family's name → value.
  std::map<std::string, std::string> family(std::string_view name) const;
  /// How the user wrote it, for messages: `--start` or `start in the source's URL`.
  std::string spelled(std::string_view name) const;

  /// Options of the URL that only this kind of target knows (`also` of read_options), in their order.
  const std::vector<std::pair<std::string, std::string>>& others() const { return others_; }

  /// Sentences on options that were accepted and change nothing.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  friend Result<OptionValues> read_options(OptionScope side, const net::Url& url, const FlagValues& flags,
                                           const std::vector<std::string>& also);
  struct Given {
    std::string value;
    std::string spelled;
  };
  std::map<std::string, Given, std::less<>> values_;
  std::vector<std::pair<std::string, std::string>> others_;
  std::vector<std::string> notes_;
};

/// Reads one side's options: the query of its URL, then the flags of that side (and of the run), which win. `usage` names
/// the option, what was found and what is accepted. Flags of the other side are passed over. The URL may also hold the
/// names in `also`, whose values are not looked at; an option of ours of the same name wins.
Result<OptionValues> read_options(OptionScope side, const net::Url& url, const FlagValues& flags,
                                  const std::vector<std::string>& also = {});

/// Whether the value is one of the option's, `spelled` as its user wrote it. `usage` names the option, what was found and
/// what is accepted.
Status check_option(const OptionInfo& info, const std::string& spelled, const std::string& value);

/// Whether the option means something to this kind of source.
bool means_something(SourceSet set, std::string_view source_scheme);

/// `true|false|1|0|yes|no` in any case.
std::optional<bool> parse_boolean(std::string_view text);

/// What the user typed cannot be meant: exit code 2.
std::unexpected<Error> usage(std::string message, std::string hint = "");

/// "X is not in this version", exit 2.
std::unexpected<Error> not_in_this_version(const std::string& what);

}  // namespace ctk::cli
