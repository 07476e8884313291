// Many rows as bulks of one statement: cut to what the server takes, and what is refused found by halves.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sink/cratedb/session.h"
#include "sink/cratedb/verdict.h"

namespace ctk::sink::cratedb {

/// The bounds of one request, lowered while the server is short of memory.
struct BatchBounds {
  size_t rows = 2000;
  size_t bytes = 4u << 20;
};

/// A row on its way, and what became of it.
struct BulkRow {
  std::string args;  ///< a JSON array
  std::optional<ServerError> refusal;
  bool settled = false;  ///< the server has taken it
};

/// Sends what is neither settled nor refused. It may be called again, after a failure too.
class BulkSender {
 public:
  /// Of INSERT … ON CONFLICT DO NOTHING a row that changes nothing is there already.
  enum class Unchanged { is_a_failure, is_there };

  /// `doing`: "writing to doc.orders". `others_passed`: the server is known to be well.
  BulkSender(Session& session, std::string sql, std::string doing, bool others_passed,
             Unchanged unchanged = Unchanged::is_a_failure)
      : session_(session),
        sql_(std::move(sql)),
        doing_(std::move(doing)),
        any_passed_(others_passed),
        unchanged_(unchanged) {}

  /// Lowers `bounds`. The rows outlive the call.
  Task<Result<bool>> send(std::vector<BulkRow*> rows, BatchBounds& bounds);

 private:
  using Group = std::vector<BulkRow*>;

  static std::deque<Group> split(const std::vector<BulkRow*>& rows, const BatchBounds& bounds);
  Task<Result<bool>> send_group(Group group, BatchBounds& bounds);
  void judge_results(const Group& group, const Answer& answer);

  Session& session_;
  std::string sql_, doing_;
  bool any_passed_;
  Unchanged unchanged_;
  std::deque<Group> work_;
  std::optional<ServerError> later_;  ///< why the call will fail once the rest is settled
};

}  // namespace ctk::sink::cratedb
