// Answers taken as they come, from servers that are slow, flood, hang up and fall silent.
#include "net/curl_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>

#include "net/testing/browser.h"
#include "net/testing/raw_server.h"

namespace ctk::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr std::string_view kEndless = "HTTP/1.1 200 OK\r\nX-Kind: stream\r\nConnection: close\r\n\r\n";

/// Reads one stream, step by step, from the test's own thread.
class Reader {
 public:
  explicit Reader(Browser& browser) : browser_(browser) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { leave(); }

  Result<HttpHead> open(HttpStreamRequest request) {
    return ask<HttpHead>([&](Done<HttpHead> done) { stream_ = browser_.client().open_stream(request, std::move(done)); });
  }
  Result<std::string> read() {
    return ask<std::string>([&](Done<std::string> done) { stream_->read(std::move(done)); });
  }
  /// Everything up to the end, or the error instead of it.
  Result<std::string> read_all() {
    std::string all;
    while (true) {
      Result<std::string> bytes = read();
      if (!bytes) return bytes;
      if (bytes->empty()) return all;
      all += *bytes;
    }
  }
  /// A read that is not waited for; what it gives is noted.
  void begin_to_read(std::promise<Result<std::string>>& into) {
    static_cast<void>(ask<bool>([&](Done<bool> done) {
      stream_->read([&into](Result<std::string> bytes) { into.set_value(std::move(bytes)); });
      done(true);
    }));
  }
  void leave() {
    static_cast<void>(ask<bool>([&](Done<bool> done) {
      stream_.reset();
      done(true);
    }));
  }

 private:
  template <class T, class Call>
  Result<T> ask(Call call) {
    // Whoever keeps the promise may still be in it when it is seen kept.
    const auto promise = std::make_shared<std::promise<Result<T>>>();
    browser_.loop().post([&] { call([promise](Result<T> result) { promise->set_value(std::move(result)); }); });
    return promise->get_future().get();
  }

  Browser& browser_;
  std::unique_ptr<HttpStream> stream_;
};

TEST(CurlStream, GivesTheHeadAndThenTheBytesAsTheyCome) {
  std::promise<void> first_was_read;
  RawServer server([&](RawConnection& connection) {
    connection.read_head();
    connection.send(kEndless);
    connection.send("first");
    first_was_read.get_future().wait();
    connection.send("second");
  });
  Browser browser;
  Reader reader(browser);
  const Result<HttpHead> head = reader.open({.url = server.url()});
  ASSERT_TRUE(head) << to_string(head.error());
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->header("x-kind"), "stream");
  EXPECT_EQ(reader.read(), "first");
  first_was_read.set_value();
  EXPECT_EQ(reader.read_all(), "second");
  EXPECT_EQ(reader.read(), "") << "the end stays the end";
}

TEST(CurlStream, SendsWhatItIsGiven) {
  std::string head;
  RawServer server([&](RawConnection& connection) {
    head = connection.read_head();
    connection.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Later\r\nContent-Length: 2\r\n\r\nno");
  });
  Browser browser;
  Reader reader(browser);
  const Result<HttpHead> answer =
      reader.open({.method = "POST", .url = server.url() + "a", .headers = {{"X-Amz-Target", "x"}}, .body = "body"});
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->status, 503) << "any status is an answer";
  EXPECT_EQ(reader.read_all(), "no");
  EXPECT_THAT(head, HasSubstr("POST /a HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("X-Amz-Target: x\r\n"));
  EXPECT_THAT(head, testing::Not(HasSubstr("Accept-Encoding")));
}

TEST(CurlStream, AnEmptyAnswerIsAHeadAndTheEnd) {
  RawServer server([](RawConnection& connection) {
    connection.read_head();
    connection.send("HTTP/1.1 204 Nothing\r\n\r\n");
  });
  Browser browser;
  Reader reader(browser);
  EXPECT_EQ(reader.open({.url = server.url()})->status, 204);
  EXPECT_EQ(reader.read(), "");
}

/// Whoever does not read holds the server back, for longer than it may be silent, and then gets every byte.
TEST(CurlStream, HoldsAFloodBack) {
  const std::string flood(32u << 20, 'x');
  std::promise<size_t> held_back_at;
  RawServer server([&](RawConnection& connection) {
    connection.read_head();
    connection.send(kEndless);
    const std::string_view left = connection.send_until_held_back(flood, 1500);
    held_back_at.set_value(flood.size() - left.size());
    connection.send(left);
  });
  Browser browser;
  Reader reader(browser);
  ASSERT_TRUE(reader.open({.url = server.url(), .silence = seconds(1), .max_held = 64u << 10}));
  // What the two sockets hold is the system's: a few megabytes.
  EXPECT_LT(held_back_at.get_future().get(), flood.size() / 2);
  size_t read = 0, largest = 0;
  while (true) {
    const Result<std::string> bytes = reader.read();
    ASSERT_TRUE(bytes) << to_string(bytes.error());
    if (bytes->empty()) break;
    read += bytes->size();
    largest = std::max(largest, bytes->size());
  }
  EXPECT_EQ(read, flood.size());
  EXPECT_LE(largest, (64u << 10) + CURL_MAX_WRITE_SIZE);
}

TEST(CurlStream, ASlowServerIsNotASilentOne) {
  RawServer server([](RawConnection& connection) {
    connection.read_head();
    connection.send(kEndless);
    for (int i = 0; i < 6; ++i) {
      pollfd nothing{-1, 0, 0};
      ::poll(&nothing, 1, 250);
      connection.send("x");
    }
  });
  Browser browser;
  Reader reader(browser);
  ASSERT_TRUE(reader.open({.url = server.url(), .silence = seconds(1)}));
  EXPECT_EQ(reader.read_all(), "xxxxxx") << "over 1.5 s";
}

TEST(CurlStream, ASilentServerIsGivenUp) {
  RawServer server([](RawConnection& connection) {
    connection.read_head();
    connection.send(kEndless);
    connection.send("x");
    connection.await_end();
  });
  Browser browser;
  Reader reader(browser);
  ASSERT_TRUE(reader.open({.url = server.url(), .silence = milliseconds(100)}));
  EXPECT_EQ(reader.read(), "x");
  const Result<std::string> end = reader.read();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(end.error().message, HasSubstr("has sent nothing for 100ms"));
  EXPECT_EQ(reader.read(), end);
}

TEST(CurlStream, SilenceBeforeTheHeadIsGivenUpToo) {
  RawServer server([](RawConnection& connection) {
    connection.read_head();
    connection.await_end();
  });
  Browser browser;
  Reader reader(browser);
  const Result<HttpHead> head = reader.open({.url = server.url(), .silence = milliseconds(100)});
  ASSERT_FALSE(head);
  EXPECT_THAT(head.error().message, HasSubstr("has sent nothing"));
}

TEST(CurlStream, WhatCameBeforeTheEndCameIsReadFirst) {
  RawServer server([](RawConnection& connection) {
    connection.read_head();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
  });
  Browser browser;
  Reader reader(browser);
  ASSERT_TRUE(reader.open({.url = server.url()}));
  EXPECT_EQ(reader.read(), "0123456789");
  const Result<std::string> end = reader.read();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(end.error().message, HasSubstr("broke off"));
}

TEST(CurlStream, NobodyThereIsNoAnswer) {
  Browser browser;
  Reader reader(browser);
  const Result<HttpHead> head = reader.open({.url = "http://127.0.0.1:1/"});
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(head.error().message, HasSubstr("cannot connect"));
  EXPECT_FALSE(reader.read());
}

TEST(CurlStream, LeavingHangsUpAndNobodyIsTold) {
  std::promise<void> hung_up;
  RawServer server([&](RawConnection& connection) {
    connection.read_head();
    connection.send(kEndless);
    connection.await_end();
    hung_up.set_value();
  });
  std::promise<void> passed;
  Browser browser;
  std::promise<Result<std::string>> heard;
  {
    Reader reader(browser);
    ASSERT_TRUE(reader.open({.url = server.url()}));
    reader.begin_to_read(heard);
  }
  hung_up.get_future().wait();
  browser.loop().post([&] { passed.set_value(); });
  passed.get_future().wait();
  EXPECT_EQ(heard.get_future().wait_for(seconds(0)), std::future_status::timeout);
}

/// One transfer that is held back holds up no other.
TEST(CurlStream, StreamsAndWholeAnswersShareTheClient) {
  const std::string flood(32u << 20, 'x');
  std::promise<void> held_back;
  RawServer flooding([&](RawConnection& connection) {
    connection.read_head();
    connection.send(kEndless);
    connection.send_until_held_back(flood, 300);
    held_back.set_value();
  });
  RawServer other([](RawConnection& connection) {
    connection.read_head();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole");
  });
  Browser browser;
  Reader reader(browser);
  ASSERT_TRUE(reader.open({.url = flooding.url()}));
  held_back.get_future().wait();
  HttpRequest request;
  request.method = "GET";
  request.url = other.url();
  const Result<HttpResponse> answer = browser.fetch(request);
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->body, "whole");
}

}  // namespace
}  // namespace ctk::net
