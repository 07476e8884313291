// The fake CrateDB of src/sink/cratedb/testing as a program, for the black-box tests: prints its address, serves until it
// is killed.
//
//   fake_cratedb [PORT]
#include <fmt/core.h>
#include <httplib.h>

#include <cstdlib>
#include <mutex>

#include "sink/cratedb/testing/fake_cratedb.h"

namespace {

/// It answers without a loop here: one request after another, under a lock.
class NoLoop final : public ctk::EventLoop {
 public:
  void post(ctk::Task) override {}
  TimerId after(ctk::Duration, ctk::Task) override { return 0; }
  void cancel(TimerId) override {}
};

void copy_answer(ctk::net::HttpResponse answer, httplib::Response& response) {
  response.status = answer.status;
  const std::string type(answer.header("content-type"));
  for (const auto& [name, value] : answer.headers) {
    if (name != "content-type") response.set_header(name, value);
  }
  response.set_content(std::move(answer.body), type.empty() ? "text/plain" : type.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  NoLoop loop;
  ctk::SystemClock clock;
  ctk::sink::cratedb::testing::FakeCrateDb fake(loop, clock);
  std::mutex mutex;
  httplib::Server server;
  const auto serve = [&](const httplib::Request& request, httplib::Response& response) {
    ctk::net::HttpRequest asked;
    asked.method = request.method;
    asked.url = "http://127.0.0.1" + request.target;
    asked.body = request.body;
    for (const auto& [name, value] : request.headers) {
      if (name == "Authorization" || name == "authorization") asked.headers.emplace_back("authorization", value);
    }
    const std::lock_guard lock(mutex);
    copy_answer(fake.answer(asked), response);
  };
  server.set_payload_max_length(100u << 20);  // as http.max_content_length; beyond it 413
  server.Get("/", serve);
  server.Post("/_sql", serve);
  const int wanted = argc > 1 ? std::atoi(argv[1]) : 0;
  const int port =
      wanted != 0 ? (server.bind_to_port("127.0.0.1", wanted) ? wanted : -1) : server.bind_to_any_port("127.0.0.1");
  if (port < 0) {
    fmt::print(stderr, "fake_cratedb: port {} cannot be had\n", wanted);
    return 1;
  }
  fmt::print("listening on http://127.0.0.1:{}\n", port);
  std::fflush(stdout);
  server.listen_after_bind();
}
