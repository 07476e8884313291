// What the user said of the target: one value for every kind of sink.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "base/log.h"
#include "base/random.h"
#include "net/http.h"
#include "net/url.h"
#include "sink/sink.h"

namespace ctk::sink {

struct TargetOptions {
  net::Url url;  ///< with scheme, hosts, user, password, path
  table::Target kind = table::Target::sqlite;
  std::string schema;                ///< resolved: option, URL or default ("doc", "public", "")
  std::string query_schema;          ///< the same if it was given: where a user's statements look for tables first
  std::optional<std::string> table;  ///< resolved: option or URL; nothing: the source table's own name
  table::TableOptions tables;
  bool ssl = false;                    ///< CrateDB: speak TLS
  std::optional<std::string> sslmode;  ///< how far: libpq's words. Never in contradiction to `ssl`
  std::optional<Duration> timeout;     ///< longest wait for one answer; nothing: what suits the target
  /// CrateDB: longest wait for a first sign of life; nothing: what suits a command that somebody waits for.
  std::optional<Duration> start_timeout;
  std::optional<size_t> batch_rows, batch_bytes;
  std::optional<int> connections;
  std::optional<std::string> dead_letters_file;  ///< ndjson
  bool dry_run = false;
  /// What the URL's query says in the driver's own names, in its order.
  std::vector<std::pair<std::string, std::string>> settings;
};

/// What sinks are made with; all owned by `main`.
struct SinkEnvironment {
  EventLoop& loop;
  Clock& clock;
  Random& random;
  Log& log;
  net::HttpClient* http = nullptr;  ///< CrateDB only
  /// Makes the thread of one database connection (InlineExecutor in the simulation).
  std::function<std::unique_ptr<Executor>(const char* name)> make_executor;
  /// Runs what writes lines to standard output or standard error, so that they do not mix with what the process says there
  /// by itself. Any thread. Empty: nothing is said there.
  std::function<void(int descriptor, const std::function<void()>& write)> beside_log = {};
};

}  // namespace ctk::sink
