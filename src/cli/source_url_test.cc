#include "cli/source_url.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace ctk::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

aws::Environment environment(std::map<std::string, std::string> variables = {}) {
  return {std::move(variables), "/nowhere", [](const std::string&) { return std::nullopt; }};
}

bool is_events_file(const std::string& path) { return path == "/path/events.ndjson"; }

Result<SourcePlan> plan(const std::string& url, const FlagValues& flags = {},
                        std::map<std::string, std::string> variables = {}) {
  return plan_source(url, flags, environment(std::move(variables)), is_events_file);
}

KinesisPlan kinesis(const std::string& url, const FlagValues& flags = {},
                    std::map<std::string, std::string> variables = {}) {
  auto source = plan(url, flags, std::move(variables));
  if (source && !source->is_file()) return std::get<KinesisPlan>(source->from);
  ADD_FAILURE() << url << ": " << (source ? "a file" : to_string(source.error()));
  return {};
}

TablePlan table(const std::string& url, const FlagValues& flags = {}, std::map<std::string, std::string> variables = {}) {
  auto source = plan(url, flags, std::move(variables));
  if (source && std::holds_alternative<TablePlan>(source->from)) return std::get<TablePlan>(source->from);
  ADD_FAILURE() << url << ": " << (source ? "no table" : to_string(source.error()));
  return {};
}

std::string file(const std::string& url, const FlagValues& flags = {}) {
  auto source = plan(url, flags);
  if (!source) return to_string(source.error());
  return source->is_file() ? std::get<FilePlan>(source->from).path : "a stream";
}

Error refused(const std::string& url, const FlagValues& flags = {}) {
  auto source = plan(url, flags);
  if (source) return Error{ErrorKind::internal, "accepted", "", ""};
  return source.error();
}

TEST(SourceUrl, OfAFileWhateverItsOptions) {
  for (const char* url :
       {"file+dynamodb+cdc:x", "file+dynamodb+cdc:-?what=ever", "kinesis+dynamodb+cdc:///events.json?fan-out=x"})
    EXPECT_TRUE(names_a_file(url, [](const std::string& path) { return path == "/events.json"; })) << url;
  for (const char* url :
       {"kinesis+dynamodb+cdc:///other", "kinesis+dynamodb+cdc://aws/events.json", "dynamodb://aws/t", "?"})
    EXPECT_FALSE(names_a_file(url, [](const std::string& path) { return path == "/events.json"; })) << url;
}

TEST(SourceUrl, KinesisAtAws) {
  const auto source =
      kinesis("kinesis+dynamodb+cdc://AWS_ACCESS_KEY:AWS_SECRET_ACCESS_KEY@aws/cdc-stream?region=eu-central-1");
  EXPECT_EQ(source.stream.str(), "cdc-stream");
  EXPECT_EQ(source.endpoint.region, "eu-central-1");
  EXPECT_EQ(source.endpoint.url, "https://kinesis.eu-central-1.amazonaws.com");
  EXPECT_EQ(source.credentials.access_key->str(), "AWS_ACCESS_KEY");
  EXPECT_EQ(source.credentials.secret_key->reveal(), "AWS_SECRET_ACCESS_KEY");
  EXPECT_FALSE(source.credentials.session_token);
  EXPECT_FALSE(source.create);
}

TEST(SourceUrl, KinesisAtAnEmulator) {
  const auto source =
      kinesis("kinesis+dynamodb+cdc://LSIAQAAAAAAVNCBMPNSG:dummy@localhost:4566/cdc-stream?region=eu-central-1");
  EXPECT_EQ(source.endpoint.url, "http://localhost:4566");
  EXPECT_EQ(source.credentials.secret_key->reveal(), "dummy");
  EXPECT_EQ(kinesis("kinesis+dynamodb+cdc://k:s@localhost:4568/cdc?region=us-east-1&tls=true").endpoint.url,
            "https://localhost:4568");
  EXPECT_EQ(kinesis("kinesis+dynamodb+cdc://k:s@[::1]:4568/cdc?region=us-east-1").endpoint.url, "http://[::1]:4568");
  EXPECT_EQ(kinesis("kinesis+dynamodb://k:s@localhost:4568/cdc?region=us-east-1").endpoint.url, "http://localhost:4568");
}

TEST(SourceUrl, KinesisInCborOrJson) {
  const std::string url = "kinesis+dynamodb+cdc://k:s@localhost:4568/cdc?region=us-east-1";
  EXPECT_EQ(kinesis(url).format, std::nullopt) << "what the endpoint knows";
  EXPECT_EQ(kinesis(url + "&protocol=json").format, aws::WireFormat::json);
  EXPECT_EQ(kinesis(url + "&protocol=cbor").format, aws::WireFormat::cbor);
  EXPECT_THAT(refused(url + "&protocol=xml").message, HasSubstr("json"));
}

TEST(SourceUrl, EndpointUrl) {
  EXPECT_EQ(kinesis("kinesis+dynamodb+cdc://aws/cdc?region=x&endpoint-url=http://localhost:1/").endpoint.url,
            "http://localhost:1");
  EXPECT_EQ(kinesis("kinesis+dynamodb+cdc://aws/cdc", {{"region", "x"}, {"endpoint-url", "https://h"}}).endpoint.url,
            "https://h");
  EXPECT_EQ(kinesis("kinesis+dynamodb+cdc://aws/cdc?region=x", {}, {{"AWS_ENDPOINT_URL", "http://e:1"}}).endpoint.url,
            "http://e:1");
  EXPECT_THAT(refused("kinesis+dynamodb+cdc://aws/cdc?region=x&endpoint-url=localhost:1").message,
              AllOf(HasSubstr("endpoint-url"), HasSubstr("http://")));
}

TEST(SourceUrl, StreamsByArn) {
  const std::string arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/cdc-stream";
  const auto source = kinesis("kinesis+dynamodb+cdc://k:s@aws/" + arn);
  EXPECT_EQ(source.stream.str(), arn);
  EXPECT_EQ(source.endpoint.region, "eu-west-1") << "of the ARN";
  EXPECT_EQ(kinesis("kinesis+dynamodb+cdc:///" + arn).stream.str(), arn);
  EXPECT_EQ(kinesis("kinesis+dynamodb+cdc://aws/" + arn + "?region=us-east-1").endpoint.region, "us-east-1");
}

TEST(SourceUrl, RegionFromTheEnvironmentOrNamedAsMissing) {
  EXPECT_EQ(kinesis("kinesis+dynamodb+cdc://k:s@aws/cdc", {}, {{"AWS_DEFAULT_REGION", "d"}}).endpoint.region, "d");
  const Error error = refused("kinesis+dynamodb+cdc://k:s@aws/cdc");
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_THAT(error.message, AllOf(HasSubstr("\"cdc\""), HasSubstr("--region"), HasSubstr("AWS_REGION"),
                                   HasSubstr("AWS_DEFAULT_REGION"), HasSubstr("profile \"default\"")));
}

TEST(SourceUrl, CredentialsAreWholeOrAbsent) {
  EXPECT_FALSE(kinesis("kinesis+dynamodb+cdc://aws/cdc?region=x").credentials.access_key);
  const auto source = kinesis("kinesis+dynamodb+cdc://k:a/b+c@aws/cdc?region=x&session-token=t&profile=dev");
  EXPECT_EQ(source.credentials.secret_key->reveal(), "a/b+c");
  EXPECT_EQ(source.credentials.session_token->reveal(), "t");
  EXPECT_EQ(source.credentials.profile, "dev");
  EXPECT_THAT(refused("kinesis+dynamodb+cdc://k@aws/cdc?region=x").message, HasSubstr("no secret key"));
}

TEST(SourceUrl, RolesAreAssumedInTheSourcesRegion) {
  const auto source =
      kinesis("kinesis+dynamodb+cdc://aws/cdc?region=eu-west-1&role-arn=arn:aws:iam::1:role/r&external-id=x",
              {{"role-session-name", "me"}});
  EXPECT_EQ(source.credentials.role_arn, "arn:aws:iam::1:role/r");
  EXPECT_EQ(source.credentials.external_id, "x");
  EXPECT_EQ(source.credentials.role_session_name, "me");
  EXPECT_EQ(source.credentials.region, "eu-west-1");
  EXPECT_THAT(refused("kinesis+dynamodb+cdc://aws/cdc?region=x&role-arn=reader").message, HasSubstr("arn:aws:iam::"));
  EXPECT_THAT(refused("kinesis+dynamodb+cdc://aws/cdc?region=x&external-id=x").message, HasSubstr("goes with role-arn"));
}

TEST(SourceUrl, TablesAtAws) {
  const auto source = table("dynamodb+cdc://KEY:SECRET@aws/my_table-1.x?region=eu-central-1");
  EXPECT_EQ(source.table, "my_table-1.x");
  EXPECT_EQ(source.tables.url, "https://dynamodb.eu-central-1.amazonaws.com");
  EXPECT_EQ(source.streams.url, "https://streams.dynamodb.eu-central-1.amazonaws.com");
  EXPECT_EQ(source.streams.region, "eu-central-1");
  EXPECT_EQ(source.credentials.access_key->str(), "KEY");
  EXPECT_FALSE(source.enable_stream);
  EXPECT_TRUE(table("dynamodb+cdc://aws/demo?region=x", {{"enable-stream", "true"}}).enable_stream);
}

TEST(SourceUrl, TablesAtAnEmulatorHaveOneAddress) {
  const auto source = table("dynamodb+cdc://k:s@localhost:8000/demo?region=us-east-1");
  EXPECT_EQ(source.tables.url, "http://localhost:8000");
  EXPECT_EQ(source.streams.url, "http://localhost:8000");
  const auto own = table("dynamodb+cdc://aws/demo?region=x", {}, {{"AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "http://s:1"}});
  EXPECT_EQ(own.tables.url, "https://dynamodb.x.amazonaws.com");
  EXPECT_EQ(own.streams.url, "http://s:1");
}

TEST(SourceUrl, TablesAndTheirStreamsByArn) {
  const std::string arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/demo";
  for (const std::string& name : {arn, arn + "/stream/2026-11-22T03:00:00.000"}) {
    EXPECT_EQ(table("dynamodb+cdc://k:s@aws/" + name).table, name);
    EXPECT_EQ(table("dynamodb+cdc://k:s@aws/" + name).tables.region, "eu-west-1") << "of the ARN";
  }
}

TEST(SourceUrl, MalformedTables) {
  EXPECT_THAT(refused("dynamodb+cdc://aws/?region=x").message, HasSubstr("names no table"));
  for (const char* name : {"ab", "a/b", "arn:aws:dynamodb:r:1:table/", "arn:aws:dynamodb:r:1:table/demo/index/x",
                           "arn:aws:dynamodb:r:1:table/demo/stream/", "arn:aws:kinesis:r:1:stream/demo"}) {
    const Error error = refused(std::string("dynamodb+cdc://aws/") + name + "?region=x");
    EXPECT_EQ(error.kind, ErrorKind::usage) << name;
    EXPECT_THAT(error.message, HasSubstr("no name of a DynamoDB table")) << name;
  }
  EXPECT_THAT(refused("dynamodb+cdc://k:s@aws/demo").message, HasSubstr("no region for the DynamoDB table \"demo\""));
  EXPECT_THAT(refused("dynamodb+cdc://k:s@aws/demo?profile=no-such").message, HasSubstr("there is no profile 'no-such'"));
  EXPECT_THAT(refused("dynamodb+cdc://aws/demo?region=x&start=timestamp").message, HasSubstr("at"));
}

TEST(SourceUrl, Files) {
  EXPECT_EQ(file("file+dynamodb+cdc:///path/events.ndjson"), "/path/events.ndjson");
  EXPECT_EQ(file("file+dynamodb+cdc:relative/events.ndjson"), "relative/events.ndjson");
  EXPECT_EQ(file("file+dynamodb+cdc:-"), "-");
  EXPECT_EQ(file("file+dynamodb+cdc:///-"), "-");
  EXPECT_EQ(file("kinesis+dynamodb+cdc:///path/events.ndjson"), "/path/events.ndjson");
  EXPECT_EQ(file("file+dynamodb+cdc:///a%20b?once=true", {{"region", "x"}}), "/a b");
}

TEST(SourceUrl, MalformedFiles) {
  EXPECT_THAT(refused("file+dynamodb+cdc://relative/path").message, HasSubstr("file+dynamodb+cdc:relative/path"));
  EXPECT_THAT(refused("file+dynamodb+cdc:").message, HasSubstr("names no file"));
  EXPECT_THAT(refused("file+dynamodb+cdc:a%00.ndjson").message, HasSubstr("the source's URL holds %00"));
  const Error missing = refused("kinesis+dynamodb+cdc:///no/such/file");
  EXPECT_EQ(missing.kind, ErrorKind::not_found);
  EXPECT_EQ(missing.message, "there is no file /no/such/file");
  EXPECT_THAT(refused("file+dynamodb+cdc:-", {{"start", "latest"}}).message, HasSubstr("--start"));
}

TEST(SourceUrl, MalformedStreams) {
  EXPECT_THAT(refused("kinesis+dynamodb+cdc://aws/?region=x").message, HasSubstr("names no stream"));
  EXPECT_THAT(refused("kinesis+dynamodb+cdc://aws?region=x").message, HasSubstr("names no stream"));
  EXPECT_THAT(refused("kinesis+dynamodb+cdc://aws/a%20b?region=x").message,
              AllOf(HasSubstr("\"a b\""), HasSubstr("letters, digits")));
  EXPECT_THAT(refused("kinesis+dynamodb+cdc://aws/a/b?region=x").message, HasSubstr("\"a/b\""));
  EXPECT_THAT(refused("kinesis+dynamodb+cdc://a,b/cdc?region=x").message, HasSubstr("more than one host"));
}

TEST(SourceUrl, FanOutNamesAConsumer) {
  const auto named = kinesis("kinesis+dynamodb+cdc://k:s@aws/cdc?region=x&fan-out=my.relay_1-a");
  EXPECT_EQ(named.fan_out, "my.relay_1-a");
  EXPECT_EQ(kinesis("kinesis+dynamodb+cdc://k:s@aws/cdc?region=x").fan_out, std::nullopt);
  for (const char* wrong : {"no%20name", "a/b", ""}) {
    EXPECT_THAT(refused(fmt::format("kinesis+dynamodb+cdc://aws/cdc?region=x&fan-out={}", wrong)).message,
                HasSubstr("fan-out"))
        << wrong;
  }
}

TEST(SourceUrl, CompressionIsLeftToTheLinkUnlessItIsSaid) {
  EXPECT_EQ(table("dynamodb+cdc://aws/demo?region=x").compression, aws::Compression::automatic);
  EXPECT_EQ(table("dynamodb+cdc://aws/demo?region=x&compression=on").compression, aws::Compression::on);
  EXPECT_EQ(table("dynamodb://aws/demo?region=x", {{"compression", "off"}}).compression, aws::Compression::off);
  EXPECT_THAT(refused("dynamodb+cdc://aws/demo?region=x&compression=zip").message,
              HasSubstr("accepted is auto, on or off"));
}

TEST(SourceUrl, WhatMeansNothingToTheSourceIsRefused) {
  EXPECT_THAT(refused("dynamodb+cdc://aws/demo?region=x&protocol=json").message,
              "option protocol in the source's URL is for Kinesis streams, found a DynamoDB table");
  EXPECT_THAT(refused("dynamodb+cdc://aws/demo?region=x&fan-out=me").message,
              "option fan-out in the source's URL is for Kinesis streams, found a DynamoDB table");
  EXPECT_THAT(refused("kinesis+dynamodb+cdc://aws/cdc?region=x", {{"enable-stream", "true"}}).message,
              "option --enable-stream is for DynamoDB tables, found a Kinesis stream");
  EXPECT_THAT(refused("file+dynamodb+cdc:a?create=true").message, HasSubstr("is for Kinesis streams, found a file"));
  EXPECT_THAT(refused("file+dynamodb+cdc:a?snapshot=initial&source-table=x").message,
              "option snapshot in the source's URL: found \"initial\", accepted is none: a file has no table that could be "
              "loaded");
  EXPECT_EQ(file("file+dynamodb+cdc:a?snapshot=none"), "a");
  EXPECT_EQ(file("kinesis+dynamodb+cdc:///path/events.ndjson?create=true"), "/path/events.ndjson") << "an old command line";
}

TEST(SourceUrl, Schemes) {
  for (const char* url : {"dynamodb+export://b", "file+dynamodb+export:///d"}) {
    EXPECT_THAT(refused(url).message, HasSubstr("not in this version")) << url;
  }
  EXPECT_THAT(refused("kinesis+dynamodb+cdx://aws/t").message,
              AllOf(HasSubstr("kinesis+dynamodb+cdx"), HasSubstr("did you mean \"kinesis+dynamodb+cdc\"?")));
  EXPECT_EQ(refused("orders").kind, ErrorKind::usage);
  EXPECT_THAT(refused("orders").message, HasSubstr("it begins with no scheme, such as dynamodb+cdc:// or sqlite:///"));
  EXPECT_THAT(refused("orders").hint, HasSubstr("a table is dynamodb+cdc://aws/orders,"));
}

TEST(SourceUrl, StartNeedsItsPartner) {
  const std::string base = "kinesis+dynamodb+cdc://k:s@aws/cdc?region=x&";
  EXPECT_THAT(refused(base + "start=timestamp").message, HasSubstr("at="));
  EXPECT_THAT(refused(base + "at=2026-01-01").message, HasSubstr("start=timestamp"));
  EXPECT_THAT(refused(base + "start=seqno-at").message, HasSubstr("seqno"));
  EXPECT_THAT(refused(base + "seqno=12").message, HasSubstr("start=seqno-at"));
  EXPECT_EQ(kinesis(base + "seqno=0&start=earliest").stream.str(), "cdc") << "as old command lines have it";
}

TEST(SourceUrl, ErrorsHideTheSecret) {
  for (const char* url : {"kinesis+dynamodb+cdc://AKID:hushhush@aws/a%20b?region=x",
                          "kinesis+dynamodb+cdc://AKID:hushhush@aws/cdc?region=x&regoin=1",
                          "kinesis+dynamodb+cdc://AKID:hushhush@aws:notaport/cdc", "kinesis+x://AKID:hushhush@aws/cdc"}) {
    const Error error = refused(url);
    EXPECT_NE(error.message, "accepted") << url;
    EXPECT_THAT(to_string(error), Not(HasSubstr("hushhush"))) << url;
  }
}

}  // namespace
}  // namespace ctk::cli
