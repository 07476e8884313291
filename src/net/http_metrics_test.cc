#include "net/http_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing/browser.h"
#include "net/testing/raw_server.h"

namespace ctk::net {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(HttpMetrics, CountsByPeer) {
  Metrics metrics;
  HttpMetrics counted(metrics);
  counted.ended({"a:1", 10, 100, std::chrono::milliseconds(50), {}});
  counted.ended({"a:1", 1, 2, std::chrono::seconds(1), ErrorKind::unreachable});
  counted.ended({"b:2", 0, 0, std::chrono::seconds(1), ErrorKind::stopped});
  const std::string text = metrics.text();
  for (const char* line : {
           "ctk_http_requests_total{peer=\"a:1\"} 2\n",
           "ctk_http_requests_total{peer=\"b:2\"} 1\n",
           "ctk_http_sent_bytes_total{peer=\"a:1\"} 11\n",
           "ctk_http_received_bytes_total{peer=\"a:1\"} 102\n",
           "ctk_http_errors_total{kind=\"unreachable\",peer=\"a:1\"} 1\n",
           "ctk_http_errors_total{kind=\"stopped\",peer=\"b:2\"} 1\n",
           "ctk_http_request_seconds_bucket{peer=\"a:1\",le=\"0.1\"} 1\n",
           "ctk_http_request_seconds_count{peer=\"a:1\"} 2\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

HttpRequest post(const std::string& url, std::string body) {
  HttpRequest request;
  request.url = url;
  request.body = std::move(body);
  return request;
}

TEST(HttpMetrics, TheClientCountsWhatItDoes) {
  RawServer server([](RawConnection& connection) {
    connection.read_head();
    connection.send("HTTP/1.1 500 No\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwrong");
    connection.await_end();
  });
  Metrics metrics;
  {
    CurlOptions options;
    options.metrics = &metrics;
    Browser browser(options);
    ASSERT_TRUE(browser.fetch(post(server.url(), "1234567")));
    EXPECT_FALSE(browser.fetch(post("http://127.0.0.1:1/", "")));
  }
  const std::string text = metrics.text();
  const std::string peer = server.url().substr(7, server.url().size() - 8);
  EXPECT_THAT(text, HasSubstr("ctk_http_requests_total{peer=\"" + peer + "\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("ctk_http_sent_bytes_total{peer=\"" + peer + "\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("ctk_http_received_bytes_total{peer=\"" + peer + "\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("ctk_http_errors_total{kind=\"unreachable\",peer=\"127.0.0.1:1\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("kind=\"unreachable\",peer=\"" + peer))) << "any status is an answer";
}

}  // namespace
}  // namespace ctk::net
