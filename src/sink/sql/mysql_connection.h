// One connection to MySQL or MariaDB: made, asked, given up. Whatever it waits for can be stopped.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/stop_bell.h"
#include "sink/sql/mysql_arrays.h"
#include "sink/sql/mysql_driver.h"
#include "sink/sql/mysql_library.h"

namespace ctk::sink::sql {

struct FreeMysqlResult {
  void operator()(MYSQL_RES* result) const { mysql_library()->free_result(result); }
};
struct CloseMysqlStatement {
  void operator()(MYSQL_STMT* statement) const { mysql_library()->stmt_close(statement); }
};
using MysqlResult = std::unique_ptr<MYSQL_RES, FreeMysqlResult>;

class MysqlConnection {
 public:
  /// `stopping`, which may be null, and `address` outlive this.
  MysqlConnection(const MysqlAddress& address, const StopBell* stopping) : address_(address), stopping_(stopping) {}
  ~MysqlConnection() { close(); }
  MysqlConnection(const MysqlConnection&) = delete;
  MysqlConnection& operator=(const MysqlConnection&) = delete;

  /// Connects, and makes the session ours: strict, in UTF-8 and UTC.
  Status open();
  bool is_open() const { return mysql_ != nullptr; }
  void close();

  /// How long the calls below wait for the server: for ever where there is no limit; and who may ask in the midst of it
  /// that the server stops what it does.
  void set_patience(std::optional<Duration> limit, const StopBell* asked = nullptr);
  /// Since then: whether the server was asked to stop a statement.
  bool asked_to_stop() const { return give_up_.has_value(); }

  // These are false where the server refused, or the connection is lost: failure() says which.

  bool send(const std::string& statements);
  /// The next result; the first one belongs to send(). Null: a statement without rows.
  bool read(MysqlResult& result);
  /// In read()'s place: shows the rows as they come. Where not all were wanted, the connection is good for nothing more.
  bool show(const CellsVisit& visit);
  bool has_more() const { return library().more_results(mysql_) != 0; }
  bool next();

  /// Whether the server takes parameters as arrays: MariaDB from 10.2 on.
  bool takes_arrays() const { return takes_arrays_; }
  /// The statement is prepared once a session.
  bool execute(const std::string& sql, MysqlArrays& arrays);

  /// After a refusal the server is asked how its transaction stands: lost, if it does not say.
  Failure failure();
  bool in_transaction() const { return is_open() && (mysql_->server_status & SERVER_STATUS_IN_TRANS) != 0; }
  /// As the server says it.
  std::string_view server_version() const { return library().server_info(mysql_); }
  int64_t affected() const { return static_cast<int64_t>(library().affected_rows(mysql_)); }
  /// Bytes that a text may have.
  size_t longest_text() const { return longest_text_; }

 private:
  static const MysqlLibrary& library() { return *mysql_library(); }
  Status begin_session();
  Status check_server();
  Status check_tls();
  Error connect_failure(bool ended) const;
  void set_tls();
  MYSQL_STMT* prepare(const std::string& sql);
  bool wait(int& events);
  void stop_statement();
  void hang_up() const;
  Failure lost() const;
  template <class Start, class Continue>
  bool finish(Start start, Continue more) {
    int events = start();
    while (events != 0) {
      if (!wait(events)) return false;
      events = more(events);
    }
    return true;
  }

  const MysqlAddress& address_;
  const StopBell* stopping_;
  const StopBell* asked_ = nullptr;
  std::optional<Duration> limit_;
  std::optional<std::chrono::steady_clock::time_point> give_up_;
  MYSQL* mysql_ = nullptr;
  size_t longest_text_ = 0;
  bool takes_arrays_ = false;
  struct Prepared {
    std::unique_ptr<MYSQL_STMT, CloseMysqlStatement> handle;
    bool ready = false;
  };
  std::unordered_map<std::string, Prepared> prepared_;
  bool silent_ = false, stopped_ = false, ignores_stop_ = false;
};

}  // namespace ctk::sink::sql
