#include "net/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace ctk::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

Url parsed(std::string_view text) {
  Result<Url> url = parse_url(text);
  EXPECT_TRUE(url) << text << ": " << (url ? "" : to_string(url.error()));
  return url.value_or(Url{});
}

TEST(Url, ReadsAStreamOnAws) {
  Url url = parsed("kinesis+dynamodb+cdc://AKIAKEY:SECRET@aws/cdc-stream?region=eu-central-1&once");
  EXPECT_EQ(url.scheme, "kinesis+dynamodb+cdc");
  EXPECT_EQ(url.user, "AKIAKEY");
  EXPECT_EQ(url.password, Secret("SECRET"));
  EXPECT_THAT(url.hosts, ElementsAre(Endpoint{"aws", std::nullopt}));
  EXPECT_EQ(url.path, "/cdc-stream");
  EXPECT_THAT(url.query, ElementsAre(Pair("region", "eu-central-1"), Pair("once", "true")));
  EXPECT_EQ(url.option("region"), "eu-central-1");
  EXPECT_EQ(url.option("nothing"), std::nullopt);
}

TEST(Url, ReadsAnArnInThePath) {
  Url url = parsed("kinesis+dynamodb+cdc://K:S@aws/arn:aws:kinesis:eu-central-1:123456789012:stream/name");
  EXPECT_EQ(url.path, "/arn:aws:kinesis:eu-central-1:123456789012:stream/name");
  EXPECT_EQ(url.password, Secret("S"));
  url = parsed("kinesis+dynamodb+cdc://aws/arn:aws:kinesis:eu-central-1:123456789012:stream/name?x=a@b");
  EXPECT_EQ(url.user, "");
  EXPECT_THAT(url.hosts, ElementsAre(Endpoint{"aws", std::nullopt}));
}

TEST(Url, AcceptsRawSlashPlusAndMoreInThePassword) {
  Url url = parsed("kinesis+dynamodb+cdc://AKIA:ab/cd+ef//gh@localhost:4566/s?region=r");
  EXPECT_EQ(url.password, Secret("ab/cd+ef//gh"));
  EXPECT_THAT(url.hosts, ElementsAre(Endpoint{"localhost", 4566}));
  EXPECT_EQ(url.path, "/s");
  EXPECT_EQ(parsed("kinesis://AKIA:12/34@aws/s").password, Secret("12/34"));
  EXPECT_EQ(parsed("crate://u:p@ss@host/s").password, Secret("p@ss"));
  EXPECT_EQ(parsed("crate://u:p?w#x@host/s?a=b").password, Secret("p?w#x"));
  EXPECT_EQ(parsed("crate://u:50%@host").password, Secret("50%"));
  EXPECT_EQ(parsed("crate://u:a%2Fb%40+@host").password, Secret("a/b@+"));
  EXPECT_EQ(parsed("crate://u:p@host/a%40b").path, "/a@b");
  EXPECT_EQ(parsed("crate://u:p@host/a@b").path, "/a@b");
  EXPECT_EQ(parsed("crate://host/a@b").path, "/a@b");
  EXPECT_EQ(parsed("crate://host:4200/a?b=c@d").hosts.front(), (Endpoint{"host", 4200}));
}

TEST(Url, TellsNoPasswordFromAnEmptyOne) {
  EXPECT_EQ(parsed("crate://crate@localhost:4200/testdrive/demo").password, std::nullopt);
  EXPECT_EQ(parsed("crate://crate:@localhost").password, Secret(""));
}

TEST(Url, ReadsPathsWithoutHosts) {
  struct Case {
    const char* text;
    const char* path;
  };
  for (const Case& c :
       {Case{"file+dynamodb+cdc:///abs/path", "/abs/path"}, Case{"file+dynamodb+cdc:relative/path", "relative/path"},
        Case{"file+dynamodb+cdc:-", "-"}, Case{"file+dynamodb+cdc:///-", "/-"}, Case{"sqlite:///rel.db", "/rel.db"},
        Case{"sqlite:////abs.db", "//abs.db"}, Case{"ndjson:-", "-"}, Case{"ndjson:///a@b:c", "/a@b:c"},
        Case{"file+dynamodb+cdc:a%20b", "a b"}, Case{"sqlite://", ""}, Case{"file+dynamodb+cdc:/abs", "/abs"}}) {
    Url url = parsed(c.text);
    EXPECT_EQ(url.path, c.path) << c.text;
    EXPECT_TRUE(url.hosts.empty()) << c.text;
  }
  EXPECT_EQ(parsed("sqlite:///demo.db?table=demo").option("table"), "demo");
  EXPECT_EQ(parsed("file+dynamodb+cdc:x?once=false&once=true").option("once"), "true");
}

TEST(Url, ReadsSeveralHosts) {
  Url url = parsed("CRATE://u:p@h1,h2:4201,[::1]:4202,[fe80::2]/schema/table?ssl=true");
  EXPECT_EQ(url.scheme, "crate");
  EXPECT_THAT(url.hosts, ElementsAre(Endpoint{"h1", std::nullopt}, Endpoint{"h2", 4201}, Endpoint{"::1", 4202},
                                     Endpoint{"fe80::2", std::nullopt}));
  EXPECT_EQ(url.path, "/schema/table");
  EXPECT_EQ(parsed("postgresql://%2Fvar%2Frun/db").hosts.front().host, "/var/run");
  EXPECT_EQ(parsed("crate://h?ssl=true").option("ssl"), "true");
  EXPECT_EQ(parsed("postgresql://[fe80::1%25eth0]:5432/db").hosts.front().host, "fe80::1%eth0");
}

TEST(Url, ReadsAUserWithoutHosts) {
  for (const char* text : {"postgresql://u:p@/db?host=/run", "postgresql://u:p@?host=/run", "postgresql://u:p@"}) {
    Url url = parsed(text);
    EXPECT_EQ(url.user, "u") << text;
    EXPECT_EQ(url.password, Secret("p")) << text;
    EXPECT_TRUE(url.hosts.empty()) << text;
  }
}

TEST(Url, RefusesMalformedOnesWithoutTheirSecrets) {
  for (const char* text :
       {"", "nothing", "1x:y", "crate://h:0", "crate://h:65536", "crate://h:x", "crate://u:HIDDEN@h:port/",
        "crate://u:HIDDEN@h1,/s", "crate://u:HIDDEN@[::1/s", "crate://u:HIDDEN@[::1]x/s", "crate://u:HIDDEN@h/?=v",
        "crate://u:HIDDEN@a b/s", "kinesis+dynamodb+cdc://AKIA:HIDDEN/x", "my scheme:HIDDEN@aws/s",
        "crate://h/?password=HIDDEN&=x", "crate://u:HIDDEN?more", "crate://:1/"}) {
    Result<Url> url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().kind, ErrorKind::usage);
    EXPECT_THAT(to_string(url.error()), Not(HasSubstr("HIDDEN"))) << text;
    EXPECT_THAT(to_string(url.error()), Not(HasSubstr("IDDEN"))) << text;
  }
}

TEST(RedactUrl, HidesSecretsOnly) {
  EXPECT_EQ(redact_url("crate://admin:dZ6LqB@h:4200/?ssl=true"), "crate://admin:***@h:4200/?ssl=true");
  EXPECT_EQ(redact_url("kinesis+dynamodb+cdc://AKIA:a/b+c@aws/s?region=r&session-token=t&Secret%5Fkey=x"),
            "kinesis+dynamodb+cdc://AKIA:***@aws/s?region=r&session-token=***&Secret%5Fkey=***");
  EXPECT_EQ(redact_url("sqlite:///a.db?table=x"), "sqlite:///a.db?table=x");
  EXPECT_EQ(redact_url("file+dynamodb+cdc:a@b"), "file+dynamodb+cdc:a@b");
  EXPECT_EQ(redact_url("crate://crate@localhost:4200/t/d"), "crate://crate@localhost:4200/t/d");
  EXPECT_EQ(redact_url("crate://h1,h2:4200/t"), "crate://h1,h2:4200/t");
  EXPECT_EQ(redact_url("demo"), "demo");
  EXPECT_EQ(redact_url("crate://h/?a&&b=&"), "crate://h/?a&&b=&");
  EXPECT_EQ(redact_url("AKIA:secret@aws/stream"), "AKIA:***@aws/stream");
  EXPECT_EQ(redact_url("mysql://u%3Ap%40h/db"), "mysql://***/db");
}

TEST(PercentEscapes, FollowRfc3986) {
  EXPECT_EQ(percent_encode("aZ09-._~/ +\xc3\xa4"), "aZ09-._~%2F%20%2B%C3%A4");
  EXPECT_EQ(percent_encode("/a b", true), "/a%20b");
  EXPECT_EQ(percent_decode("%2F%2f%zz%1%"), "//%zz%1%");
}

RC_GTEST_PROP(UrlProperties, PartsComeBackFromTheirEscapedText,
              (std::string user, std::string password, std::string path, std::string name, std::string value)) {
  RC_PRE(!name.empty());
  std::string text = "crate://" + percent_encode(user) + ":" + percent_encode(password) + "@h:1/" + percent_encode(path) +
                     "?" + percent_encode(name) + "=" + percent_encode(value);
  Result<Url> url = parse_url(text);
  RC_ASSERT(url.has_value());
  RC_ASSERT(url->user == user);
  RC_ASSERT(url->password == Secret(password));
  RC_ASSERT(url->path == "/" + path);
  RC_ASSERT(url->option(name) == value);
  RC_ASSERT(percent_decode(percent_encode(value)) == value);
}

RC_GTEST_PROP(UrlProperties, RawAwsSecretsParseAndNeverShow, ()) {
  auto letter = rc::gen::element('A', 'b', '0', '7', '/', '+');
  std::string secret = *rc::gen::container<std::string>(40, letter);
  std::string text = "kinesis+dynamodb+cdc://AKIAKEY:" + secret + "@aws/stream?region=eu-central-1";
  Url url = parse_url(text).value();
  RC_ASSERT(url.password == Secret(secret));
  RC_ASSERT(url.path == "/stream");
  RC_ASSERT(redact_url(text) == "kinesis+dynamodb+cdc://AKIAKEY:***@aws/stream?region=eu-central-1");
}

TEST(Url, KnowsLoopback) {
  for (const char* host : {"localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"", "0.0.0.0", "::", "10.0.0.1", "127.0.0.1.evil.example", "localhost.evil.example", "128.0.0.1",
                           "127.1", "::ffff:10.0.0.1"})
    EXPECT_FALSE(is_loopback(host)) << host;
}

}  // namespace
}  // namespace ctk::net
