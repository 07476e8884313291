#include "net/connection_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/url.h"

namespace ctk::net {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(ConnectionString, PartsAreRead) {
  EXPECT_THAT(parse_connection("DRIVER={My } Driver};SERVER=h; PWD = {a;b}}c} ;x;Port=1"),
              ElementsAre(Pair("DRIVER", "My "), Pair("SERVER", "h"), Pair("PWD", "a;b}c"), Pair("Port", "1")));
  EXPECT_THAT(parse_connection(";;"), ElementsAre());
  EXPECT_EQ(connection_value(parse_connection("a=1;A=2"), "A"), "1");
  EXPECT_FALSE(connection_value(parse_connection("a=1"), "b"));
}

TEST(ConnectionString, PartsAreWrittenAsTheyAreRead) {
  const ConnectionParts parts = {{"DSN", "shop"}, {"UID", "a b"}, {"PWD", "x;}y={"}};
  EXPECT_EQ(to_connection(parts), "DSN=shop;UID={a b};PWD={x;}}y={};");
  EXPECT_EQ(parse_connection(to_connection(parts)), parts);
}

TEST(ConnectionString, SecretsAreHidden) {
  EXPECT_EQ(redact_connection("SERVER=h;UID=u;PWD={s;e}"), "SERVER=h;UID=u;PWD=***");
  EXPECT_THAT(secrets_of_connection("PWD={s;e};Password=two;AccessToken=three;UID=u;pwd="),
              ElementsAre("s;e", "two", "three"));
  EXPECT_EQ(redact_url("odbc:///?connection=DRIVER%3DX%3BPWD%3D%7Bs%3Be%7D%3BUID%3Du&table=t"),
            "odbc:///?connection=DRIVER=X;PWD=***;UID=u&table=t");
  EXPECT_EQ(redact_url("odbc:///?connection=DRIVER=X;PWD=se;UID=u"), "odbc:///?connection=DRIVER=X;PWD=***;UID=u");
}

}  // namespace
}  // namespace ctk::net
