#include "sink/sql/mysql_connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "sink/sql/mysql_errors.h"

namespace ctk::sink::sql {
namespace {

constexpr Duration kStopPatience = std::chrono::seconds(5);
/// A server that is asked before it has begun the statement forgets it: it is asked again.
constexpr Duration kAskAgainAfter = std::chrono::milliseconds(200);
constexpr Duration kKillPatience = std::chrono::seconds(3);
constexpr unsigned kTlsFailed = 2026;
constexpr unsigned kNoPlugin = 2059, kPluginNotLoaded = 5012;
constexpr const char* kNoTls = ": TLS cannot be had as it is asked for";

/// Nothing may be cut, rounded or guessed; whoever waits for a lock says so, as on PostgreSQL. MySQL 8 shows the size that
/// a table had a day ago.
constexpr const char* kSession =
    "SET NAMES utf8mb4; "
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', "
    "autocommit = 1, innodb_lock_wait_timeout = 20, default_storage_engine = 'InnoDB', sql_safe_updates = 0 "
    "/*!80000 , information_schema_stats_expiry = 0 */; "
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
/// A session that is frozen in the midst of a transaction lets go of its locks. MySQL has no such bound.
constexpr const char* kMariadbSession = "SET SESSION idle_transaction_timeout = 60";

/// Whether it is the client library that does not know the user's way to sign in. Connector/C 3.3 says so under the number
/// of a wrong password.
bool lacks_plugin(unsigned number, std::string_view peer) {
  return number == kNoPlugin || number == kPluginNotLoaded ||
         (peer.starts_with("Plugin ") && peer.contains("could not be loaded"));
}

/// The server keeps them, too.
constexpr size_t kPreparedStatements = 200;

}  // namespace

void MysqlConnection::set_patience(std::optional<Duration> limit, const StopBell* asked) {
  limit_ = limit;
  asked_ = asked;
  give_up_.reset();
  ignores_stop_ = false;
}

void MysqlConnection::set_tls() {
  using Tls = MysqlAddress::Tls;
  if (address_.tls == Tls::as_configured) return;
  my_bool enforce = address_.tls == Tls::off ? 0 : 1;
  my_bool verify = address_.tls == Tls::verified ? 1 : 0;
  library().optionsv(mysql_, MYSQL_OPT_SSL_ENFORCE, &enforce);
  library().optionsv(mysql_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

Status MysqlConnection::open() {
  close();
  if (!mysql_library()) return std::unexpected(mysql_library().error());
  mysql_ = library().init(nullptr);
  if (mysql_ == nullptr) return fail(ErrorKind::throttled, "no memory for a connection");
  const unsigned no_files = 0;
  const unsigned tcp = MYSQL_PROTOCOL_TCP;
  library().optionsv(mysql_, MYSQL_OPT_NONBLOCK, nullptr);
  library().optionsv(mysql_, MYSQL_READ_DEFAULT_GROUP, "client");
  library().optionsv(mysql_, MYSQL_OPT_LOCAL_INFILE, &no_files);
  library().optionsv(mysql_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // The library takes localhost for the local socket, whatever port is named.
  if (address_.port != 0 && address_.socket.empty()) library().optionsv(mysql_, MYSQL_OPT_PROTOCOL, &tcp);
  set_tls();
  set_patience(address_.longest_connect);
  const auto text = [](const std::string& value) { return value.empty() ? nullptr : value.c_str(); };
  const char* password = address_.password ? address_.password->reveal().c_str() : nullptr;
  MYSQL* connected = nullptr;
  const bool ended = finish(
      [&] {
        return library().real_connect_start(&connected, mysql_, text(address_.host), text(address_.user), password, nullptr,
                                            static_cast<unsigned>(address_.port), text(address_.socket),
                                            CLIENT_FOUND_ROWS | CLIENT_MULTI_STATEMENTS);
      },
      [&](int events) { return library().real_connect_cont(&connected, mysql_, events); });
  if (!ended || connected == nullptr) {
    Error error = connect_failure(ended);
    close();
    return std::unexpected(std::move(error));
  }
  Status begun = check_tls();
  if (begun) begun = check_server();
  if (begun) begun = begin_session();
  if (!begun) close();
  return begun;
}

void MysqlConnection::close() {
  if (mysql_ == nullptr) return;
  hang_up();  // what it would say at parting may not keep it
  library().close(mysql_);
  mysql_ = nullptr;
  prepared_.clear();  // they know that it is gone, and say nothing more
}

void MysqlConnection::hang_up() const {
  const int socket = static_cast<int>(library().socket(mysql_));
  if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
}

Error MysqlConnection::connect_failure(bool ended) const {
  const std::string where = fmt::format("{} at {}", address_.target->product, address_.shown);
  if (stopped_) return {ErrorKind::stopped, where + " is not waited for any more", "", ""};
  if (!ended) {
    return {ErrorKind::unreachable,
            fmt::format("{} does not answer within {}", where, format_duration(address_.longest_connect)), "", ""};
  }
  const unsigned number = library().error_number(mysql_);
  const std::string peer = library().error(mysql_);
  if (number == kTlsFailed) return {ErrorKind::refused, where + kNoTls, peer, ""};
  if (lacks_plugin(number, peer)) {
    return {ErrorKind::refused, where + ": libmariadb has no plugin for the way in which this user signs in", peer,
            "its plugins are in the package libmariadb3 (Debian, Ubuntu); MARIADB_PLUGIN_DIR names another folder that has "
            "them"};
  }
  if (is_client_error(number)) return {ErrorKind::unreachable, where + " cannot be reached", peer, ""};
  const MysqlMeaning& meaning = mysql_meaning(number);
  std::string hint;
  if (meaning.kind == ErrorKind::denied && !address_.password) hint = "a password goes into the URL, or MYSQL_PWD";
  return {meaning.kind, fmt::format("{}: {}", where, meaning.words), peer, hint};
}

/// The library goes on without TLS where a server has none, whatever is asked of it.
Status MysqlConnection::check_tls() {
  using Tls = MysqlAddress::Tls;
  const bool wanted = address_.tls == Tls::encrypted || address_.tls == Tls::verified;
  if (!wanted || library().get_ssl_cipher(mysql_) != nullptr) return {};
  return fail(ErrorKind::refused, fmt::format("{} at {}{}", address_.target->product, address_.shown, kNoTls), "",
              "the server has no TLS");
}

/// Their statements differ, and so does what stands in `data`.
Status MysqlConnection::check_server() {
  const std::string version(server_version());
  const bool mariadb = version.contains("MariaDB");
  if (mariadb == (address_.target == table::Target::mariadb)) return {};
  return fail(ErrorKind::refused, fmt::format("what answers at {} is {}", address_.shown, mariadb ? "MariaDB" : "MySQL"),
              version, fmt::format("its URL begins with {}://", mariadb ? "mariadb" : "mysql"));
}

Status MysqlConnection::begin_session() {
  unsigned more = 0;  // capabilities from the 33rd bit on, which are MariaDB's
  library().get_infov(mysql_, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &more);
  takes_arrays_ = address_.target == table::Target::mariadb && (more & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
  std::string setting = kSession;
  if (address_.target == table::Target::mariadb) setting += std::string("; ") + kMariadbSession;
  bool done = send(fmt::format("{}; {}", setting, kAskForPacketSize));
  MysqlResult result;
  while (done && (done = read(result)) && has_more()) done = next();
  if (!done || !result) return std::unexpected(failure().error);
  const MYSQL_ROW row = library().fetch_row(result.get());
  longest_text_ = room_in_packet(row == nullptr || row[0] == nullptr ? "" : row[0]);
  return {};
}

bool MysqlConnection::send(const std::string& statements) {
  int refused = 0;
  const bool ended =
      finish([&] { return library().real_query_start(&refused, mysql_, statements.data(), statements.size()); },
             [&](int events) { return library().real_query_cont(&refused, mysql_, events); });
  return ended && refused == 0;
}

bool MysqlConnection::read(MysqlResult& result) {
  MYSQL_RES* stored = nullptr;
  const bool ended = finish([&] { return library().store_result_start(&stored, mysql_); },
                            [&](int events) { return library().store_result_cont(&stored, mysql_, events); });
  result.reset(stored);
  return ended && (stored != nullptr || library().field_count(mysql_) == 0);
}

bool MysqlConnection::show(const CellsVisit& visit) {
  const MysqlResult result(library().use_result(mysql_));
  if (!result) return false;
  std::vector<std::optional<std::string_view>> cells(library().num_fields(result.get()));
  while (true) {
    MYSQL_ROW row = nullptr;
    const bool ended = finish([&] { return library().fetch_row_start(&row, result.get()); },
                              [&](int events) { return library().fetch_row_cont(&row, result.get(), events); });
    if (ended && row == nullptr) return library().error_number(mysql_) == 0;
    bool wanted = ended;
    if (ended) {
      const unsigned long* lengths = library().fetch_lengths(result.get());
      for (size_t i = 0; i < cells.size(); ++i) {
        cells[i] = row[i] == nullptr ? std::nullopt : std::optional(std::string_view(row[i], lengths[i]));
      }
      wanted = visit(cells);
    }
    if (wanted) continue;
    hang_up();  // whoever frees the result would read all that is left of it
    return false;
  }
}

bool MysqlConnection::next() {
  int refused = 0;
  const bool ended = finish([&] { return library().next_result_start(&refused, mysql_); },
                            [&](int events) { return library().next_result_cont(&refused, mysql_, events); });
  return ended && refused == 0;
}

/// One that was refused stays: closing it would wipe out why.
MYSQL_STMT* MysqlConnection::prepare(const std::string& sql) {
  if (prepared_.size() >= kPreparedStatements && !prepared_.contains(sql)) prepared_.clear();
  Prepared& one = prepared_[sql];
  if (one.ready) return one.handle.get();
  if (!one.handle) one.handle.reset(library().stmt_init(mysql_));
  MYSQL_STMT* made = one.handle.get();
  if (made == nullptr) return nullptr;
  int refused = 0;
  const bool ended = finish([&] { return library().stmt_prepare_start(&refused, made, sql.data(), sql.size()); },
                            [&](int events) { return library().stmt_prepare_cont(&refused, made, events); });
  one.ready = ended && refused == 0;
  return one.ready ? made : nullptr;
}

bool MysqlConnection::execute(const std::string& sql, MysqlArrays& arrays) {
  MYSQL_STMT* statement = prepare(sql);
  if (statement == nullptr) return false;
  const auto rows = static_cast<unsigned>(arrays.rows());
  std::vector<MYSQL_BIND> binds = arrays.binds();
  if (library().stmt_attr_set(statement, STMT_ATTR_ARRAY_SIZE, &rows) != 0) return false;
  if (library().stmt_bind_param(statement, binds.data()) != 0) return false;
  int refused = 0;
  const bool ended = finish([&] { return library().stmt_execute_start(&refused, statement); },
                            [&](int events) { return library().stmt_execute_cont(&refused, statement, events); });
  return ended && refused == 0;
}

/// Until one of the events; false: silent for too long, or stopped.
bool MysqlConnection::wait(int& events) {
  const auto awaited =
      static_cast<short>(((events & MYSQL_WAIT_READ) != 0 ? POLLIN : 0) | ((events & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0) |
                         ((events & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0));
  const auto begin = std::chrono::steady_clock::now();
  while (true) {
    const auto now = std::chrono::steady_clock::now();
    std::optional<Duration> left;
    if (limit_) left = *limit_ - std::chrono::duration_cast<Duration>(now - begin);
    if (give_up_) left = std::min(std::chrono::duration_cast<Duration>(*give_up_ - now), kAskAgainAfter);
    const auto millis = left ? std::max<int64_t>(0, *left / std::chrono::milliseconds(1)) : -1;
    pollfd ends[] = {{static_cast<int>(library().socket(mysql_)), awaited, 0},
                     {stopping_ == nullptr ? -1 : stopping_->descriptor(), POLLIN, 0},
                     {asked_ == nullptr || give_up_ ? -1 : asked_->descriptor(), POLLIN, 0}};
    const int ready = poll(ends, 3, static_cast<int>(millis));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0 && give_up_ && std::chrono::steady_clock::now() < *give_up_) {
      stop_statement();
      continue;
    }
    stopped_ = stopped_ || (ends[1].revents & POLLIN) != 0;
    silent_ = ready == 0;
    ignores_stop_ = silent_ && give_up_;
    if (ready <= 0 || stopped_) return false;
    if (ends[0].revents != 0) {
      const short seen = ends[0].revents;
      events = ((seen & (POLLIN | POLLERR | POLLHUP)) != 0 ? events & MYSQL_WAIT_READ : 0) |
               ((seen & (POLLOUT | POLLERR | POLLHUP)) != 0 ? events & MYSQL_WAIT_WRITE : 0) |
               ((seen & POLLPRI) != 0 ? MYSQL_WAIT_EXCEPT : 0);
      return true;
    }
    give_up_ = std::chrono::steady_clock::now() + kStopPatience;
    stop_statement();
  }
}

/// By another session, which the server lets do it.
void MysqlConnection::stop_statement() {
  MysqlAddress address = address_;
  address.longest_connect = std::min(address.longest_connect, kKillPatience);
  MysqlConnection other(address, stopping_);
  if (!other.open()) return;
  other.set_patience(kKillPatience);
  other.send(fmt::format("KILL QUERY {}", library().thread_id(mysql_)));
}

Failure MysqlConnection::lost() const {
  const std::string where = fmt::format("{} at {}", address_.target->product, address_.shown);
  if (stopped_) return {Scope::lost, {ErrorKind::stopped, where + " is not waited for any more", "", ""}};
  if (ignores_stop_) {
    return {Scope::lost,
            {ErrorKind::stopped,
             fmt::format("{} did not stop the statement within {}, and it may still run there; the connection is closed",
                         where, format_duration(kStopPatience)),
             "", ""}};
  }
  if (silent_) {
    return {Scope::lost,
            {ErrorKind::unreachable,
             fmt::format("{} gave no answer for {}", where, format_duration(limit_.value_or(Duration::zero()))), "", ""}};
  }
  return {Scope::lost,
          {ErrorKind::unreachable, where + " closed the connection", mysql_ == nullptr ? "" : library().error(mysql_), ""}};
}

Failure MysqlConnection::failure() {
  if (!is_open() || stopped_ || silent_) return lost();
  const unsigned number = library().error_number(mysql_);
  if (number == 0 || is_client_error(number)) return lost();
  const std::string peer = fmt::format("{} (error {})", library().error(mysql_), number);
  const MysqlMeaning& meaning = mysql_meaning(number);
  std::string words(meaning.words);
  if (meaning.scope != Scope::row) words = fmt::format("{} at {}: {}", address_.target->product, address_.shown, words);
  // A refusal says nothing of the transaction, which it may have ended.
  MysqlResult none;
  const Scope scope = send("DO 0") && read(none) ? meaning.scope : Scope::lost;
  std::string hint;
  if (meaning.kind == ErrorKind::denied) {
    hint =
        "the user needs SELECT, INSERT, UPDATE and DELETE, and CREATE, CREATE VIEW, ALTER and INDEX where tables are to "
        "be made (create-table=false makes none)";
  }
  return {scope, {meaning.kind, words, peer, hint}};
}

}  // namespace ctk::sink::sql
