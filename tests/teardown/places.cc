#include "teardown/places.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <mutex>

#include "sink/testing/postgres_server.h"

namespace ctk::teardown {
namespace {

constexpr int kChanges = 300;
constexpr const char* kBadLine = "this is no JSON\n";

std::string change(int number) {
  return fmt::format(
      R"({{"eventID":"{0}","eventName":"INSERT","tableName":"demo","dynamodb":{{"ApproximateCreationDateTime":{1},)"
      R"("Keys":{{"pk":{{"S":"k{2}"}}}},"NewImage":{{"pk":{{"S":"k{2}"}},"n":{{"N":"{0}"}}}}}}}})",
      number, 1'795'318'371'000'000 + number, number % 50);
}

std::string lines(bool broken) {
  std::string text;
  for (int i = 0; i < kChanges; ++i) {
    if (broken && i == kChanges / 2) text += kBadLine;
    text += change(i) + "\n";
  }
  return text;
}

/// By gzip.
std::string packed(const std::string& text) {
  std::string bytes(compressBound(text.size()) + 64, 0);
  z_stream stream{};
  constexpr int kGzip = 15 + 16, kMemory = 8;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) return "";
  std::string input = text;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  deflate(&stream, Z_FINISH);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

void fill(sim::Services& services, Timestamp now) {
  for (const char* stream : {"whole", "broken"}) {
    (void)services.kinesis.create_stream(stream, 2, now);
    for (int i = 0; i < kChanges; ++i) {
      const bool bad = i == kChanges / 2 && std::string_view(stream) == "broken";
      (void)services.kinesis.put_record({stream, bad ? kBadLine : change(i), fmt::format("k{}", i % 50), {}}, now);
    }
  }
  (void)services.dynamodb.create_table(
      {.name = "demo", .keys = {{"pk", 'S'}}, .stream = aws::StreamView::new_and_old_images}, now);
  for (int i = 0; i < kChanges; ++i) {
    (void)services.dynamodb.put_item(
        "demo", {{"pk", fmt::format(R"({{"S":"k{}"}})", i % 150)}, {"n", fmt::format(R"({{"N":"{}"}})", i)}}, now);
  }
}

sim::SimulatorServerOptions few_threads() {
  sim::SimulatorServerOptions options;
  options.threads = 8;
  return options;
}

}  // namespace

std::string to_string(From from) {
  switch (from) {
    case From::file: return "file";
    case From::pipe: return "pipe";
    case From::packed: return "packed";
    case From::kinesis: return "kinesis";
    case From::made: return "made";
    case From::streams: return "streams";
    case From::scan: return "scan";
    case From::loaded: return "loaded";
  }
  return "";
}

std::string to_string(To to) {
  switch (to) {
    case To::sqlite: return "sqlite";
    case To::postgres: return "postgres";
    case To::cratedb: return "cratedb";
    case To::ndjson: return "ndjson";
    case To::stuck_sqlite: return "stuck_sqlite";
    case To::stuck_postgres: return "stuck_postgres";
    case To::stuck_cratedb: return "stuck_cratedb";
    case To::stuck_ndjson: return "stuck_ndjson";
  }
  return "";
}

bool is_stuck(To to) { return to >= To::stuck_sqlite; }

Places::Places() : aws_(services_, clock_, few_threads()), cratedb_thread_([this] { cratedb_.serve(); }) {
  std::ofstream(folder_ / "whole.ndjson") << lines(false);
  std::ofstream(folder_ / "broken.ndjson") << lines(true);
  for (const bool broken : {false, true}) {
    std::ofstream(folder_ / (broken ? "broken.ndjson.gz" : "whole.ndjson.gz"), std::ios::binary) << packed(lines(broken));
  }
  const std::lock_guard lock(aws_.mutex());
  fill(services_, clock_.now());
}

Places::~Places() {
  for (const int end : open_pipes_) ::close(end);
  cratedb_.stop();
  cratedb_thread_.join();
}

std::string Places::source(From from, bool broken) {
  const char* name = broken ? "broken" : "whole";
  const std::string stop = broken ? "?on-error=stop" : "";
  const std::string aws = fmt::format("k:s@127.0.0.1:{}", aws_.port());
  const std::string options = fmt::format("region=us-east-1&positions-name=run-{}", runs_);
  switch (from) {
    case From::file: return fmt::format("file+dynamodb+cdc://{}/{}.ndjson{}", folder_.path().string(), name, stop);
    case From::packed: return fmt::format("file+dynamodb+cdc://{}/{}.ndjson.gz{}", folder_.path().string(), name, stop);
    case From::pipe: return fmt::format("file+dynamodb+cdc://{}{}", pipe(broken), stop);
    case From::made:
      return fmt::format("kinesis+dynamodb+cdc://{}/made-{}?{}&create=true&create-shards=2", aws, runs_, options);
    case From::kinesis:
      return fmt::format("kinesis+dynamodb+cdc://{}/{}?{}{}", aws, name, options, broken ? "&on-error=stop" : "");
    case From::streams: return fmt::format("dynamodb+cdc://{}/demo?{}&idle-poll=50ms", aws, options);
    case From::scan: return fmt::format("dynamodb://{}/demo?{}", aws, options);
    case From::loaded: return fmt::format("dynamodb+cdc://{}/demo?{}&idle-poll=50ms&snapshot=initial", aws, options);
  }
  return "";
}

/// One that is written to and stays open.
std::string Places::pipe(bool broken) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return "";
  open_pipes_.insert(open_pipes_.end(), {ends[0], ends[1]});
  const std::string text = lines(broken);
  ::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(2 * text.size()));
  if (::write(ends[1], text.data(), text.size()) != static_cast<ssize_t>(text.size())) return "";
  return fmt::format("/dev/fd/{}", ends[0]);
}

/// There is room for a page in it.
std::string Places::unread_pipe() {
  std::string path = fmt::format("{}/unread-{}", folder_.path().string(), runs_);
  if (::mkfifo(path.c_str(), 0600) != 0) return "";
  const int end = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ::fcntl(end, F_SETPIPE_SZ, 4096);
  open_pipes_.push_back(end);
  return path;
}

std::string Places::locked_file() {
  std::string path = fmt::format("{}/locked-{}.db", folder_.path().string(), runs_);
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open(path.c_str(), &raw);
  locked_.emplace_back(raw);
  if (opened != SQLITE_OK) return "";
  const int locked = sqlite3_exec(raw, "CREATE TABLE t(i); BEGIN EXCLUSIVE", nullptr, nullptr, nullptr);
  return locked == SQLITE_OK ? path : "";
}

std::string Places::target(To to) {
  const std::string table = fmt::format("t{}", ++runs_);
  switch (to) {
    case To::sqlite: return fmt::format("sqlite:///{}/{}.db?table={}", folder_.path().string(), table, table);
    case To::ndjson: return fmt::format("ndjson://{}/{}.ndjson", folder_.path().string(), table);
    case To::cratedb: return fmt::format("crate://crate@127.0.0.1:{}/doc/{}", cratedb_.port(), table);
    case To::stuck_sqlite: return fmt::format("sqlite:///{}?table={}&timeout=1h", locked_file(), table);
    case To::stuck_ndjson: return fmt::format("ndjson://{}", unread_pipe());
    case To::stuck_cratedb: return fmt::format("crate://crate@127.0.0.1:{}/doc/{}?timeout=1h", silent_.port(), table);
    case To::stuck_postgres:
      return fmt::format(
          "postgresql://postgres:secret@127.0.0.1:{}/postgres?table=public.{}&timeout=1h&connect_timeout=3600",
          silent_.port(), table);
    case To::postgres: break;
  }
  const sink::testing::DatabaseServer* server = sink::testing::shared_postgres_server();
  if (server == nullptr) return "";
  return fmt::format("postgresql://postgres:secret@127.0.0.1:{}/postgres?table=public.{}", server->port(), table);
}

void Places::fail_services(bool failing) {
  sim::FaultKnobs knobs;
  if (failing) knobs.denied = 1;
  aws_.set_faults(knobs);
}

}  // namespace ctk::teardown
