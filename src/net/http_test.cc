#include "net/http.h"

#include <gtest/gtest.h>

namespace ctk::net {
namespace {

TEST(HttpResponse, FindsTheFirstHeader) {
  HttpResponse response;
  response.headers = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(response.header("a"), "1");
  EXPECT_EQ(response.header("c"), "");
}

TEST(HttpResponse, ReadsThePeersClock) {
  auto date = [](const char* text) {
    HttpResponse response;
    response.headers = {{"date", text}};
    return response.date();
  };
  EXPECT_EQ(date("Sun, 06 Nov 1994 08:49:37 GMT"), parse_timestamp("1994-11-06T08:49:37Z").value());
  for (const char* text :
       {"", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:x9:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    EXPECT_EQ(date(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ctk::net
