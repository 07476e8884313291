// The client against an HTTP server in this process, on a free port of the loopback interface.
#include "net/curl_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <set>
#include <thread>

#include "json/reader.h"
#include "net/curl_errors.h"
#include "net/testing/browser.h"
#include "net/testing/gzip.h"

namespace ctk::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// An httplib server that listens while it lives.
template <class Server>
class Listening {
 public:
  template <class... Args>
  explicit Listening(Args&&... args) : server(std::forward<Args>(args)...) {
    port = server.bind_to_any_port("127.0.0.1");
  }
  ~Listening() {
    server.stop();
    if (thread_.joinable()) thread_.join();
  }
  void listen() {
    thread_ = std::thread([this] { server.listen_after_bind(); });
  }
  std::string url(const std::string& path, const std::string& scheme = "http") const {
    return scheme + "://127.0.0.1:" + std::to_string(port) + path;
  }

  Server server;
  int port = 0;

 private:
  std::thread thread_;
};
using PlainServer = Listening<httplib::Server>;
using TlsServer = Listening<httplib::SSLServer>;

HttpRequest get(std::string url) {
  HttpRequest request;
  request.method = "GET";
  request.url = std::move(url);
  return request;
}

HttpRequest post(std::string url, std::string body) {
  HttpRequest request;
  request.url = std::move(url);
  request.body = std::move(body);
  return request;
}

/// A port of this machine on which nobody listens: bound, never listening.
class SilentPort {
 public:
  SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  ~SilentPort() { ::close(socket_); }
  int port = 0;

 private:
  int socket_;
};

TEST(CurlClient, PostsWhatItIsGivenAndNothingElse) {
  PlainServer here;
  httplib::Headers seen;
  std::string body;
  here.server.Post("/a", [&](const httplib::Request& request, httplib::Response& response) {
    seen = request.headers;
    body = request.body;
    response.set_header("X-Answer", " spaced ");
    response.status = 400;
    response.set_content("said", "text/plain");
  });
  here.listen();
  HttpRequest request = post(here.url("/a"), std::string("x\0y", 3) + std::string(2'000'000, 'z'));
  request.headers = {{"X-Amz-Target", "Kinesis_20131202.GetRecords"}};
  Browser browser;
  Result<HttpResponse> answer = browser.fetch(request);
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(body, request.body);
  EXPECT_EQ(seen.find("X-Amz-Target")->second, "Kinesis_20131202.GetRecords");
  EXPECT_EQ(seen.count("Expect"), 0u);
  EXPECT_EQ(seen.count("Content-Type"), 0u);
  EXPECT_EQ(seen.find("User-Agent")->second, "ctk");
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->body, "said");
  EXPECT_EQ(answer->header("x-answer"), "spaced");
  EXPECT_EQ(answer->header("missing"), "");
  EXPECT_GE(answer->body.capacity(), answer->body.size() + json::kPadding);
  EXPECT_TRUE(browser.always_on_loop());
}

TEST(CurlClient, SendsOtherMethodsAndPathsAsTheyAre) {
  PlainServer here;
  std::string line;
  here.server.set_pre_routing_handler([&](const httplib::Request& request, httplib::Response& response) {
    line = request.method + " " + request.target + " " + request.body;
    response.set_content("x", "text/plain");
    return httplib::Server::HandlerResponse::Handled;
  });
  here.listen();
  Browser browser;
  ASSERT_TRUE(browser.fetch(get(here.url("/a/../b%20c?d=e"))));
  EXPECT_EQ(line, "GET /a/../b%20c?d=e ");
  HttpRequest remove = get(here.url("/a"));
  remove.method = "DELETE";
  ASSERT_TRUE(browser.fetch(remove));
  EXPECT_EQ(line, "DELETE /a ");
}

TEST(CurlClient, KeepsItsConnection) {
  PlainServer here;
  std::set<int> ports;
  here.server.Get("/", [&](const httplib::Request& request, httplib::Response&) { ports.insert(request.remote_port); });
  here.listen();
  Browser browser;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(browser.fetch(get(here.url("/"))));
  EXPECT_EQ(ports.size(), 1u);
}

TEST(CurlClient, HoldsItsLimitOfConnections) {
  PlainServer here;
  std::mutex mutex;
  std::set<int> ports;
  here.server.Get("/", [&](const httplib::Request& request, httplib::Response&) {
    std::lock_guard lock(mutex);
    ports.insert(request.remote_port);
  });
  here.listen();
  CurlOptions options;
  options.max_connections_per_host = 2;
  Browser browser(options);
  std::vector<std::future<Result<HttpResponse>>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(browser.start(get(here.url("/"))));
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  // The server closes a connection after five requests, so new ones come; two at a time never makes more than this.
  EXPECT_LE(ports.size(), 20u / 5 + 2);
}

TEST(CurlClient, NamesTheAddressThatRefused) {
  SilentPort silent;
  Browser browser;
  Result<HttpResponse> answer = browser.fetch(get("http://user:pw@127.0.0.1:" + std::to_string(silent.port) + "/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
  EXPECT_EQ(answer.error().message, "cannot connect to 127.0.0.1:" + std::to_string(silent.port));
  EXPECT_EQ(answer.error().peer, "Connection refused");
}

TEST(CurlClient, TellsAnAddressThatIsNone) {
  Browser browser;
  Result<HttpResponse> answer = browser.fetch(get("ftp://127.0.0.1/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::usage);
  EXPECT_FALSE(browser.fetch(get("http://[")));
}

TEST(CurlClient, GivesUpAfterTheTimeout) {
  std::promise<void> released;
  std::shared_future<void> release = released.get_future().share();
  PlainServer here;
  here.server.Get("/", [release](const httplib::Request&, httplib::Response&) { release.wait(); });
  here.listen();
  Browser browser;
  HttpRequest request = get(here.url("/"));
  request.timeout = milliseconds(50);
  Result<HttpResponse> answer = browser.fetch(request);
  released.set_value();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(answer.error().message, HasSubstr("no answer from 127.0.0.1:" + std::to_string(here.port) + " within 50ms"));
}

TEST(CurlClient, SaysThatAConnectionThatWasThereGaveNoAnswer) {
  std::promise<void> released;
  std::shared_future<void> release = released.get_future().share();
  PlainServer here;
  here.server.Get("/", [release](const httplib::Request&, httplib::Response&) { release.wait(); });
  here.server.Get("/quick", [](const httplib::Request&, httplib::Response&) {});
  here.listen();
  Browser browser;
  ASSERT_TRUE(browser.fetch(get(here.url("/quick"))));
  HttpRequest request = get(here.url("/"));
  request.timeout = std::chrono::microseconds(49'999);
  Result<HttpResponse> answer = browser.fetch(request);
  released.set_value();
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("no answer from 127.0.0.1:" + std::to_string(here.port) + " within 50ms"));
}

TEST(CurlClient, BreaksOffWhatIsToStop) {
  std::promise<void> arrived, released;
  std::shared_future<void> held = released.get_future().share();
  PlainServer here;  // goes first: its threads wait for these
  here.server.Get("/held", [&](const httplib::Request&, httplib::Response&) {
    arrived.set_value();
    held.wait();
  });
  here.server.Get("/",
                  [](const httplib::Request&, httplib::Response& response) { response.set_content("a", "text/plain"); });
  here.listen();
  Browser browser;
  std::stop_source stop;
  HttpRequest request = get(here.url("/held"));
  request.stop = stop.get_token();
  std::future<Result<HttpResponse>> answer = browser.start(request);
  arrived.get_future().wait();
  stop.request_stop();
  const Result<HttpResponse> broken_off = answer.get();
  ASSERT_FALSE(broken_off);
  EXPECT_EQ(broken_off.error().kind, ErrorKind::stopped);
  EXPECT_FALSE(browser.fetch(request)) << "it was stopped before it began";
  EXPECT_TRUE(browser.fetch(get(here.url("/"))));
  EXPECT_TRUE(browser.always_on_loop());
  released.set_value();
}

TEST(CurlClient, CutsOffAnAnswerThatIsTooLong) {
  PlainServer here;
  here.server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(std::string(100'000, 'x'), "application/octet-stream");
  });
  here.listen();
  Browser browser;
  HttpRequest request = get(here.url("/"));
  request.max_answer_bytes = 99'999;
  Result<HttpResponse> answer = browser.fetch(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::too_large);
  request.keep_beginning = true;
  answer = browser.fetch(request);
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->status, 200);
  EXPECT_TRUE(answer->cut_off);
  EXPECT_EQ(answer->whole_bytes, 100'000u);
  EXPECT_EQ(answer->body, std::string(99'999, 'x'));
  EXPECT_GE(answer->body.capacity(), answer->body.size() + json::kPadding);
  request.max_answer_bytes = 100'000;
  answer = browser.fetch(request);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->cut_off);
  EXPECT_EQ(answer->body.size(), 100'000u);
  EXPECT_GE(answer->body.capacity(), answer->body.size() + json::kPadding);
}

TEST(CurlClient, UnpacksGzipAndCountsWhatComesOut) {
  PlainServer here;
  std::string text(300'000, 'y');
  std::string accepted;
  here.server.set_pre_routing_handler([&](const httplib::Request& request, httplib::Response& response) {
    accepted = request.get_header_value("Accept-Encoding");
    response.set_header("Content-Encoding", "gzip");
    std::string packed = gzipped(text);
    response.set_content_provider(
        packed.size(), "application/octet-stream",
        [packed](size_t from, size_t size, httplib::DataSink& sink) { return sink.write(packed.data() + from, size); });
    return httplib::Server::HandlerResponse::Handled;
  });
  here.listen();
  Browser browser;
  Result<HttpResponse> answer = browser.fetch(get(here.url("/")));
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(accepted, "gzip");
  EXPECT_EQ(answer->body, text);
  EXPECT_GE(answer->body.capacity(), answer->body.size() + json::kPadding);
  HttpRequest bounded = get(here.url("/"));
  bounded.max_answer_bytes = 10'000;
  answer = browser.fetch(bounded);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::too_large);
}

/// Serves `packed` as gzip with that checksum.
Result<HttpResponse> fetch_packed(const std::string& packed, const std::string& checksum) {
  PlainServer here;
  here.server.Get("/", [&](const httplib::Request&, httplib::Response& response) {
    response.set_header("Content-Encoding", "gzip");
    if (!checksum.empty()) response.set_header("x-sum", checksum);
    response.set_content_provider(packed.size(), "text/plain", [&](size_t from, size_t size, httplib::DataSink& sink) {
      return sink.write(packed.data() + from, size);
    });
  });
  here.listen();
  Browser browser;
  HttpRequest request = get(here.url("/"));
  request.crc32_header = "x-sum";
  return browser.fetch(request);
}

TEST(CurlClient, HoldsWhatIsCompressedToItsChecksum) {
  const std::string packed = gzipped(std::string(100'000, 'y'));
  const auto bytes = reinterpret_cast<const Bytef*>(packed.data());
  const std::string checksum = std::to_string(crc32(0, bytes, static_cast<uInt>(packed.size())));
  Result<HttpResponse> answer = fetch_packed(packed, checksum);
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->body, std::string(100'000, 'y'));
  EXPECT_EQ(answer->came_as, packed.size());
  EXPECT_TRUE(fetch_packed(packed, ""));
  answer = fetch_packed(packed, "1" + checksum);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable) << "another try may help";
  EXPECT_THAT(to_string(answer.error()), HasSubstr("was damaged on its way: x-sum says 1" + checksum));
  EXPECT_THAT(to_string(fetch_packed(packed.substr(0, packed.size() / 2), "").error()),
              HasSubstr("it ends before its gzip data does"));
  EXPECT_THAT(to_string(fetch_packed("{}", "").error()), HasSubstr("what came is no gzip"));
}

TEST(CurlClient, TakesNothingCompressedWhereItIsNotAskedTo) {
  PlainServer here;
  std::string accepted = "nothing was asked";
  here.server.Get("/", [&](const httplib::Request& request, httplib::Response& response) {
    accepted = request.get_header_value("Accept-Encoding");
    response.set_content("whole", "text/plain");
  });
  here.server.Get("/other", [&](const httplib::Request&, httplib::Response& response) {
    response.set_header("Content-Encoding", "br");
    response.set_content("x", "text/plain");
  });
  here.listen();
  Browser browser;
  HttpRequest request = get(here.url("/"));
  request.takes_gzip = false;
  ASSERT_TRUE(browser.fetch(request));
  EXPECT_EQ(accepted, "");
  const Result<HttpResponse> other = browser.fetch(get(here.url("/other")));
  ASSERT_FALSE(other);
  EXPECT_THAT(to_string(other.error()), HasSubstr("its answer is packed by \"br\""));
}

TEST(CurlClient, TellsAConnectionThatBreaksOff) {
  PlainServer here;
  here.server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_content_provider(1000, "text/plain", [](size_t, size_t, httplib::DataSink& sink) {
      sink.write("abc", 3);
      return false;
    });
  });
  here.listen();
  Browser browser;
  Result<HttpResponse> answer = browser.fetch(get(here.url("/")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
  EXPECT_EQ(answer.error().message, "the connection to 127.0.0.1:" + std::to_string(here.port) + " broke off");
  EXPECT_THAT(answer.error().peer, Not(IsEmpty()));
}

TEST(CurlClient, ForgetsWhatIsUnderWayWhenItDies) {
  std::promise<void> arrived;
  std::promise<void> released;
  std::shared_future<void> release = released.get_future().share();
  PlainServer here;
  here.server.Get("/", [&arrived, release](const httplib::Request&, httplib::Response&) {
    arrived.set_value();
    release.wait();
  });
  here.listen();
  SystemClock clock;
  ThreadLoop loop(clock);
  bool called = false;
  {
    CurlClient client(loop, {});
    client.send(get(here.url("/")), [&](Result<HttpResponse>) { called = true; });
    arrived.get_future().wait();
  }
  released.set_value();
  loop.post([&] { loop.quit(); });
  loop.run();
  EXPECT_FALSE(called);
}

TEST(CurlClient, TakesItsProxyFromTheEnvironment) {
  PlainServer proxy;
  std::string target;
  proxy.server.set_pre_routing_handler([&](const httplib::Request& request, httplib::Response& response) {
    target = request.target;
    response.set_content("by proxy", "text/plain");
    return httplib::Server::HandlerResponse::Handled;
  });
  proxy.listen();
  ::setenv("http_proxy", proxy.url("").c_str(), 1);
  Browser browser;
  Result<HttpResponse> answer = browser.fetch(get("http://elsewhere.invalid:81/x"));
  SilentPort silent;
  Result<HttpResponse> direct = browser.fetch(get("http://127.0.0.1:" + std::to_string(silent.port) + "/"));
  ::unsetenv("http_proxy");
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->body, "by proxy");
  EXPECT_EQ(target, "http://elsewhere.invalid:81/x");
  EXPECT_FALSE(direct);
}

/// A certificate for 127.0.0.1, signed by itself.
class Identity {
 public:
  Identity() : key(EVP_EC_gen("P-256")), certificate(X509_new()) {
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* addresses = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, addresses, -1);
    X509_EXTENSION_free(addresses);
    X509_sign(certificate, key, EVP_sha256());
    std::string name_pattern = (std::filesystem::temp_directory_path() / "ctk-certificate-XXXXXX").string();
    std::FILE* file = ::fdopen(::mkstemp(name_pattern.data()), "w");
    path = name_pattern;
    PEM_write_X509(file, certificate);
    std::fclose(file);
  }
  ~Identity() {
    std::filesystem::remove(path);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  EVP_PKEY* key;
  X509* certificate;
  std::filesystem::path path;
};

TEST(CurlClient, ChecksCertificates) {
  Identity identity;
  TlsServer here(identity.certificate, identity.key);
  here.server.Get("/",
                  [](const httplib::Request&, httplib::Response& response) { response.set_content("safe", "text/plain"); });
  here.listen();
  std::string url = here.url("/", "https");

  Result<HttpResponse> unknown = Browser().fetch(get(url));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::refused);
  EXPECT_THAT(unknown.error().message, HasSubstr("the certificate of 127.0.0.1:" + std::to_string(here.port)));

  CurlOptions trusting;
  trusting.ca_bundle = identity.path;
  Result<HttpResponse> trusted = Browser(trusting).fetch(get(url));
  ASSERT_TRUE(trusted) << to_string(trusted.error());
  EXPECT_EQ(trusted->body, "safe");

  CurlOptions careless;
  careless.verify_certificates = careless.verify_host = false;
  EXPECT_TRUE(Browser(careless).fetch(get(url)));

  // The certificate is made out to the address, not to this name of it.
  std::string by_name = url;
  by_name.replace(by_name.find("127.0.0.1"), std::string("127.0.0.1").size(), "localhost");
  Result<HttpResponse> misnamed = Browser(trusting).fetch(get(by_name));
  ASSERT_FALSE(misnamed);
  EXPECT_EQ(misnamed.error().kind, ErrorKind::refused);
  trusting.verify_host = false;
  EXPECT_TRUE(Browser(trusting).fetch(get(by_name)));
  CurlOptions doubtful;
  doubtful.verify_host = false;
  EXPECT_FALSE(Browser(doubtful).fetch(get(by_name))) << "signed by nobody we trust";

  CurlOptions mistyped;
  mistyped.ca_bundle = "/nowhere/ca.pem";
  Result<HttpResponse> unreadable = Browser(mistyped).fetch(get(url));
  ASSERT_FALSE(unreadable);
  EXPECT_EQ(unreadable.error().message, "cannot read the certificates in '/nowhere/ca.pem'");
}

TEST(CurlClient, TellsAPortThatSpeaksNoTls) {
  PlainServer here;
  here.listen();
  Result<HttpResponse> answer = Browser().fetch(get(here.url("/", "https")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::refused);
  EXPECT_EQ(answer.error().hint, "does this port speak TLS?");
}

TEST(CurlErrors, TellWhatMayHelpFromWhatWillNot) {
  CurlFailure failure;
  failure.address = "db:4200";
  failure.code = CURLE_COULDNT_RESOLVE_HOST;
  failure.detail = "Could not resolve host: db";
  EXPECT_EQ(to_string(curl_error(failure)),
            "cannot resolve the host of db:4200: Could not resolve host: db (is the name right, and does DNS answer?)");
  EXPECT_EQ(curl_error(failure).kind, ErrorKind::unreachable);
  failure.code = CURLE_OPERATION_TIMEDOUT;
  failure.timeout = seconds(30);
  failure.connect_timeout = seconds(10);
  EXPECT_EQ(curl_error(failure).message, "no connection to db:4200 within 10s");
  failure.code = CURLE_SSL_CONNECT_ERROR;
  failure.system_error = ECONNRESET;
  EXPECT_EQ(curl_error(failure).kind, ErrorKind::unreachable);
  failure.code = CURLE_RECV_ERROR;
  EXPECT_EQ(curl_error(failure).peer, "Connection reset by peer");
  failure = {};
  failure.address = "db:5432";
  failure.code = CURLE_UNSUPPORTED_PROTOCOL;
  EXPECT_EQ(curl_error(failure).kind, ErrorKind::usage);
  failure.connected = true;
  failure.detail = "Received HTTP/0.9 when not allowed";
  EXPECT_EQ(to_string(curl_error(failure)),
            "what answers at db:5432 does not speak HTTP: Received HTTP/0.9 when not allowed (does this port speak HTTP?)");
  EXPECT_EQ(curl_error(failure).kind, ErrorKind::unreachable);
  failure.code = CURLE_GOT_NOTHING;
  EXPECT_EQ(curl_error(failure).hint, kSpeaksNoHttp);
}

}  // namespace
}  // namespace ctk::net
