#include "cli/source_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/profile.h"
#include "base/ascii.h"
#include "cli/suggest.h"

namespace ctk::cli {
namespace {

constexpr std::string_view kKinesis = "kinesis+dynamodb+cdc";
constexpr std::string_view kKinesisShort = "kinesis+dynamodb";  // the reference takes it for the same
constexpr std::string_view kTable = "dynamodb+cdc";
constexpr std::string_view kFile = "file+dynamodb+cdc";
constexpr std::string_view kScan = "dynamodb";
constexpr std::array<std::string_view, 2> kLaterSchemes = {"dynamodb+export", "file+dynamodb+export"};

std::string without_leading_slash(const std::string& path) { return path.starts_with('/') ? path.substr(1) : path; }

bool is_stream_name(std::string_view text) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.' || c == '-'; };
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, allowed);
}

bool is_stream_arn(std::string_view text) {
  const size_t slash = text.find(":stream/");
  return text.starts_with("arn:") && text.find(":kinesis:") != std::string_view::npos && slash != std::string_view::npos &&
         is_stream_name(text.substr(slash + 8));
}

bool is_table_name(std::string_view text) {
  return text.size() >= 3 && text.size() <= 255 && is_stream_name(text.substr(0, 128)) &&
         (text.size() <= 128 || is_stream_name(text.substr(128)));
}

/// arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME, with /stream/LABEL behind it for its stream.
bool is_table_arn(std::string_view text) {
  const size_t start = text.find(":table/");
  if (!text.starts_with("arn:") || text.find(":dynamodb:") == std::string_view::npos || start == std::string_view::npos)
    return false;
  const std::string_view path = text.substr(start + 7);
  const size_t slash = path.find('/');
  const bool stream = slash != std::string_view::npos && path.substr(slash).starts_with("/stream/");
  return is_table_name(path.substr(0, slash)) && (slash == std::string_view::npos || (stream && path.size() > slash + 8));
}

/// arn:PARTITION:SERVICE:REGION:ACCOUNT:…
std::optional<std::string> region_of_arn(std::string_view text) {
  if (!text.starts_with("arn:")) return std::nullopt;
  for (int colons = 0; colons < 3; ++colons) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    text.remove_prefix(colon + 1);
  }
  const std::string region(text.substr(0, text.find(':')));
  return region.empty() ? std::nullopt : std::optional(region);
}

Result<std::string> stream_of(const net::Url& url) {
  std::string stream = without_leading_slash(url.path);
  if (stream.ends_with('/')) stream.pop_back();
  if (is_stream_name(stream) || is_stream_arn(stream)) return stream;
  if (stream.empty()) {
    return usage(fmt::format("the source's URL names no stream: expected {}://aws/STREAM or the stream's ARN", kKinesis));
  }
  if (url.hosts.empty() && url.path.starts_with('/')) {
    return fail(ErrorKind::not_found, fmt::format("there is no file {}", url.path), "",
                fmt::format("nor is it a stream's name, for {}:///STREAM", kKinesis));
  }
  return usage(
      fmt::format("\"{}\" is no name of a Kinesis stream: accepted are 1 to 128 letters, digits and _ . -, or "
                  "arn:aws:kinesis:REGION:ACCOUNT:stream/NAME",
                  stream));
}

Result<std::string> table_of(const net::Url& url) {
  std::string table = without_leading_slash(url.path);
  if (table.ends_with('/')) table.pop_back();
  if (is_table_name(table) || is_table_arn(table)) return table;
  if (table.empty()) {
    return usage(fmt::format(
        "the source's URL names no table: expected {}://aws/TABLE, or the ARN of the table or its stream", kTable));
  }
  return usage(
      fmt::format("\"{}\" is no name of a DynamoDB table: accepted are 3 to 255 letters, digits and _ . -, "
                  "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME, or the ARN of its stream",
                  table));
}

bool is_aws(const net::Url& url) {
  if (url.hosts.empty() || url.hosts.front().host.empty()) return true;
  return ascii_lower(url.hosts.front().host) == "aws" && !url.hosts.front().port;
}

std::string base_address(const net::Endpoint& endpoint, bool tls) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  std::string address = fmt::format("{}://{}", tls ? "https" : "http", v6 ? "[" + endpoint.host + "]" : endpoint.host);
  if (endpoint.port) address += fmt::format(":{}", *endpoint.port);
  return address;
}

/// The endpoint that the user named: `endpoint-url`, else the URL's host and port.
Result<std::optional<std::string>> given_endpoint(const net::Url& url, const OptionValues& options) {
  if (auto given = options.text("endpoint-url")) {
    if (!given->starts_with("http://") && !given->starts_with("https://")) {
      return usage(fmt::format("option {}: found \"{}\", accepted is an address that begins with http:// or https://",
                               options.spelled("endpoint-url"), net::redact_url(*given)));
    }
    while (given->ends_with('/')) given->pop_back();
    return given;
  }
  if (is_aws(url)) return std::nullopt;
  if (url.hosts.size() > 1) return usage("the source's URL names more than one host: expected aws or one host:port");
  return base_address(url.hosts.front(), options.boolean("tls", false));
}

/// `what` and `name`: whose region it is, "Kinesis stream", "cdc".
Result<std::string> region_of(std::string_view what, const std::string& name, const OptionValues& options,
                              const aws::Environment& environment) {
  const auto profile = options.text("profile");
  auto given = options.text("region");
  if (!given) given = region_of_arn(name);
  if (auto region = aws::find_region(given, profile, environment)) return *region;
  if (auto found = aws::find_profile(profile, environment); !found) return forward_error(std::move(found));
  return usage(fmt::format("no region for the {} \"{}\": looked for --region, region in the source's URL, "
                           "AWS_REGION, AWS_DEFAULT_REGION and the region of the profile \"{}\"",
                           what, name, aws::choose_profile(profile, environment).name),
               "add ?region=eu-central-1, or whichever it is, to the source's URL");
}

Result<aws::CredentialRequest> credentials_of(const net::Url& url, const OptionValues& options, const std::string& region) {
  aws::CredentialRequest request;
  const bool has_secret = url.password && !url.password->empty();
  if (url.user.empty() == has_secret) {
    return usage(url.user.empty() ? "the source's URL has a secret key but no access key before it"
                                  : "the source's URL has an access key but no secret key behind it",
                 "write KEY:SECRET@ before the host, or leave both to the environment");
  }
  if (has_secret) {
    request.access_key = aws::AccessKeyId(url.user);
    request.secret_key = *url.password;
  }
  if (auto token = options.text("session-token")) request.session_token = Secret(*token);
  request.profile = options.text("profile");
  request.region = region;
  request.role_arn = options.text("role-arn");
  request.external_id = options.text("external-id");
  request.role_session_name = options.text("role-session-name");
  if (request.role_arn && !request.role_arn->starts_with("arn:")) {
    return usage(fmt::format("option {}: found \"{}\", accepted is arn:aws:iam::ACCOUNT:role/NAME",
                             options.spelled("role-arn"), *request.role_arn));
  }
  for (const char* companion : {"external-id", "role-session-name"}) {
    if (!request.role_arn && options.has(companion)) {
      return usage(fmt::format("option {} goes with role-arn, and there is none", options.spelled(companion)));
    }
  }
  return request;
}

/// An option that means nothing to this kind of source would be a silent loss of what the user wants.
Status check_applicable(SourceSet kind, std::string_view what, const OptionValues& options) {
  for (const OptionInfo& info : all_options()) {
    if (info.sources == SourceSet::all || info.sources == kind || !options.has(info.name)) continue;
    return usage(fmt::format("option {} is for {}, found {}", options.spelled(info.name),
                             info.sources == SourceSet::kinesis ? "Kinesis streams" : "DynamoDB tables", what));
  }
  return {};
}

/// Options that only make sense together.
Status check_start(const OptionValues& options, bool file) {
  const std::string start = options.text("start").value_or("earliest");
  const bool by_number = start.starts_with("seqno-");
  if (file && start != "earliest") {
    return usage(fmt::format("option {}: found \"{}\", accepted is earliest: a file is read from its beginning",
                             options.spelled("start"), start));
  }
  if (start == "timestamp" && !options.has("at")) {
    return usage(
        fmt::format("option {} is \"timestamp\", and no option at says which: expected at=ISO-8601, or seconds "
                    "since 1970",
                    options.spelled("start")));
  }
  if (options.has("at") && start != "timestamp") {
    return usage(fmt::format("option {} goes with start=timestamp, found start \"{}\"", options.spelled("at"), start));
  }
  if (by_number && !options.has("seqno")) {
    return usage(fmt::format("option {} is \"{}\", and no option seqno says which: expected seqno=N or seqno=SHARD:N,...",
                             options.spelled("start"), start));
  }
  // Old command lines carry the default seqno=0 along.
  if (options.has("seqno") && !by_number && options.text("seqno") != "0") {
    return usage(fmt::format("option {} goes with start=seqno-at or start=seqno-after, found start \"{}\"",
                             options.spelled("seqno"), start));
  }
  return {};
}

bool wants_load(const OptionValues& options) {
  return options.text("snapshot").value_or("none") != "none" || options.text("on-gap") == "resnapshot";
}

/// The table of a table's or its stream's ARN, as ARN; a name as it is.
std::string table_to_scan(const std::string& table) { return table.substr(0, table.find("/stream/")); }

aws::Compression compression_of(const OptionValues& options) {
  const std::string wish = options.text("compression").value_or("auto");
  if (wish == "auto") return aws::Compression::automatic;
  return wish == "on" ? aws::Compression::on : aws::Compression::off;
}

/// Says in `plan` what is to be loaded, and whether anything else is to be read.
Status plan_scan(SourcePlan& plan, std::string table, aws::ServiceEndpoint tables) {
  ScanPlan scan{std::move(table), std::move(tables), std::nullopt, compression_of(plan.options)};
  if (const auto text = plan.options.text("read-capacity")) {
    const auto capacity = load::parse_read_capacity(*text);
    if (!capacity) {
      return usage(fmt::format("option {}: {}", plan.options.spelled("read-capacity"), capacity.error().message));
    }
    scan.read_capacity = *capacity;
  }
  plan.scan = std::move(scan);
  plan.follow = plan.options.text("snapshot") != "only";
  return {};
}

std::optional<aws::WireFormat> protocol_of(const OptionValues& options) {
  const auto protocol = options.text("protocol");
  if (!protocol) return std::nullopt;
  return *protocol == "cbor" ? aws::WireFormat::cbor : aws::WireFormat::json;
}

/// Source: Kinesis API Reference, RegisterStreamConsumer.
Status check_consumer(const OptionValues& options) {
  const auto name = options.text("fan-out");
  if (!name || is_stream_name(*name)) return {};
  return usage(fmt::format("option {}: found \"{}\", accepted is a consumer's name of 1 to 128 letters, digits and _ . -",
                           options.spelled("fan-out"), *name));
}

/// Of tables that are not what the URL names: the variable of the service counts before the URL's own address, which may
/// be that of the stream alone.
aws::ServiceEndpoint endpoint_of_other_tables(const std::string& region, const std::optional<std::string>& given,
                                              const OptionValues& options, const aws::Environment& environment) {
  const bool apart = environment.get("AWS_ENDPOINT_URL_DYNAMODB").has_value();
  return {aws::find_endpoint("dynamodb", region, apart ? std::nullopt : given, options.text("profile"), environment),
          region};
}

Result<SourcePlan> plan_kinesis(const net::Url& url, OptionValues options, const aws::Environment& environment) {
  const auto stream = stream_of(url);
  if (!stream) return std::unexpected(stream.error());
  if (auto checked = check_applicable(SourceSet::kinesis, "a Kinesis stream", options); !checked) {
    return std::unexpected(checked.error());
  }
  if (auto checked = check_start(options, false); !checked) return std::unexpected(checked.error());
  if (auto checked = check_consumer(options); !checked) return std::unexpected(checked.error());
  const auto region = region_of("Kinesis stream", *stream, options, environment);
  if (!region) return std::unexpected(region.error());
  const auto given = given_endpoint(url, options);
  if (!given) return std::unexpected(given.error());
  auto credentials = credentials_of(url, options, *region);
  if (!credentials) return std::unexpected(credentials.error());
  const std::string address = aws::find_endpoint("kinesis", *region, *given, options.text("profile"), environment);
  const aws::ServiceEndpoint tables = endpoint_of_other_tables(*region, *given, options, environment);
  KinesisPlan plan{aws::StreamName(*stream),
                   {address, *region},
                   std::move(*credentials),
                   options.boolean("create", false),
                   options.integer("create-shards").value_or(1),
                   protocol_of(options),
                   tables};
  plan.fan_out = options.text("fan-out");
  SourcePlan source{std::move(plan), std::move(options)};
  source.leases = tables;
  if (!wants_load(source.options)) return source;
  const auto table = source.options.text("source-table");
  if (!table) {
    return usage("a load needs to know the DynamoDB table, and a Kinesis stream does not name it",
                 "name it with source-table=TABLE");
  }
  if (auto planned = plan_scan(source, *table, tables); !planned) return std::unexpected(planned.error());
  return source;
}

Result<SourcePlan> plan_table(const net::Url& url, OptionValues options, const aws::Environment& environment, bool follow) {
  auto table = table_of(url);
  if (!table) return std::unexpected(table.error());
  if (auto checked = check_applicable(SourceSet::table, "a DynamoDB table", options); !checked) {
    return std::unexpected(checked.error());
  }
  if (auto checked = check_start(options, false); !checked) return std::unexpected(checked.error());
  const auto region = region_of("DynamoDB table", *table, options, environment);
  if (!region) return std::unexpected(region.error());
  const auto given = given_endpoint(url, options);
  if (!given) return std::unexpected(given.error());
  auto credentials = credentials_of(url, options, *region);
  if (!credentials) return std::unexpected(credentials.error());
  const auto endpoint = [&](const char* service) {
    return aws::ServiceEndpoint{aws::find_endpoint(service, *region, *given, options.text("profile"), environment),
                                *region};
  };
  TablePlan plan{std::move(*table),
                 endpoint("dynamodb"),
                 endpoint("dynamodb-streams"),
                 std::move(*credentials),
                 options.boolean("enable-stream", false),
                 compression_of(options)};
  const std::string scanned = table_to_scan(plan.table);
  const aws::ServiceEndpoint tables = plan.tables;
  SourcePlan source{std::move(plan), std::move(options)};
  source.leases = endpoint_of_other_tables(*region, *given, source.options, environment);
  if (follow && !wants_load(source.options)) return source;
  if (auto planned = plan_scan(source, scanned, tables); !planned) return std::unexpected(planned.error());
  if (!follow && source.options.has("snapshot") && source.follow) {
    return usage(fmt::format("option {} goes with {}://, which follows the table's changes: {}:// loads it once",
                             source.options.spelled("snapshot"), kTable, kScan));
  }
  source.follow = source.follow && follow;
  return source;
}

Result<SourcePlan> plan_file(std::string path, OptionValues options) {
  if (auto checked = check_start(options, true); !checked) return std::unexpected(checked.error());
  if (const std::string snapshot = options.text("snapshot").value_or("none"); snapshot != "none") {
    return usage(fmt::format("option {}: found \"{}\", accepted is none: a file has no table that could be loaded",
                             options.spelled("snapshot"), snapshot));
  }
  return SourcePlan{FilePlan{std::move(path)}, std::move(options)};
}

Result<std::string> path_of_file_url(const net::Url& url) {
  const std::string form = fmt::format("expected {0}:///absolute/path, {0}:relative/path or {0}:-", kFile);
  if (!url.hosts.empty() || !url.user.empty()) {
    return usage(fmt::format("the source's URL has a host before the file's path: {}", form));
  }
  if (url.path.empty() || url.path == "/") return usage(fmt::format("the source's URL names no file: {}", form));
  return url.path == "/-" ? "-" : url.path;
}

std::unexpected<Error> unknown_scheme(const std::string& scheme) {
  const bool later = std::ranges::find(kLaterSchemes, scheme) != kLaterSchemes.end();
  if (later) return not_in_this_version(fmt::format("the source {}://", scheme));
  const std::vector<std::string> schemes = {std::string(kKinesis), std::string(kTable), std::string(kScan),
                                            std::string(kFile)};
  return usage(fmt::format("unknown scheme \"{}\" of the source's URL, accepted are {}{}", scheme, one_of(schemes),
                           did_you_mean(scheme, schemes)));
}

/// A file that is there, named in Kinesis' scheme.
bool is_old_file(const net::Url& url, const IsFile& is_file) {
  return url.hosts.empty() && url.user.empty() && url.path.starts_with('/') && is_file(url.path);
}

}  // namespace

Result<SourcePlan> plan_source(const std::string& text, const FlagValues& flags, const aws::Environment& environment,
                               const IsFile& is_file) {
  const auto url = net::parse_url(text);
  if (!url) {
    const bool bare = text.find(':') == std::string::npos;
    return usage(
        "the source's URL cannot be read: " + url.error().message,
        bare ? fmt::format("a table is dynamodb+cdc://aws/{0}, a Kinesis stream kinesis+dynamodb+cdc://aws/{0}, a file "
                           "file+dynamodb+cdc:{0}",
                           text)
             : url.error().hint);
  }
  const bool kinesis = url->scheme == kKinesis || url->scheme == kKinesisShort;
  const bool table = url->scheme == kTable || url->scheme == kScan;
  if (!kinesis && !table && url->scheme != kFile) return unknown_scheme(url->scheme);
  auto options = read_options(OptionScope::source, *url, flags);
  if (!options) return std::unexpected(options.error());
  if (kinesis) {
    return is_old_file(*url, is_file) ? plan_file(url->path, std::move(*options))
                                      : plan_kinesis(*url, std::move(*options), environment);
  }
  if (table) return plan_table(*url, std::move(*options), environment, url->scheme == kTable);
  // Old command lines name a file in Kinesis' scheme, with Kinesis' options; this is not one of them.
  if (auto checked = check_applicable(SourceSet::all, "a file", *options); !checked)
    return std::unexpected(checked.error());
  auto path = path_of_file_url(*url);
  if (!path) return std::unexpected(path.error());
  return plan_file(std::move(*path), std::move(*options));
}

bool names_a_file(const std::string& text, const IsFile& is_file) {
  const auto url = net::parse_url(text);
  if (!url) return false;
  return url->scheme == kFile || ((url->scheme == kKinesis || url->scheme == kKinesisShort) && is_old_file(*url, is_file));
}

bool looks_like_source(std::string_view word) {
  const size_t colon = word.find(':');
  static constexpr std::array kSchemes = {kKinesis, kKinesisShort, kTable, kScan, kFile};
  return colon != std::string_view::npos && std::ranges::find(kSchemes, word.substr(0, colon)) != kSchemes.end();
}

}  // namespace ctk::cli
