#include "sink/cratedb/verdict.h"

namespace ctk::sink::cratedb {

RequestVerdict judge_request(Action action, size_t rows, bool others_passed) {
  switch (action) {
    case Action::refuse:
    case Action::exists: return rows > 1 ? RequestVerdict::split : RequestVerdict::refuse;
    case Action::send_less: return rows > 1 ? RequestVerdict::split : RequestVerdict::give_up;
    case Action::isolate:
      if (rows > 1) return RequestVerdict::split;
      return others_passed ? RequestVerdict::refuse : RequestVerdict::give_up;
    case Action::wait:
    case Action::relearn:  // of a whole request: a column of the statement itself is gone
    case Action::wait_table:
    case Action::blocked:
    case Action::deny:
    case Action::lost_race:
    case Action::row_is_gone: break;
  }
  return RequestVerdict::give_up;
}

RowVerdict judge_row(const RowResult& result) {
  if (result.rowcount == 1) return RowVerdict::applied;
  if (!result.error) return RowVerdict::unsaid;
  switch (action_for(*result.error)) {
    case Action::refuse:
    case Action::relearn:
    case Action::isolate:
    case Action::exists:
    case Action::row_is_gone: return RowVerdict::refused;
    case Action::wait:
    case Action::send_less:
    case Action::wait_table:
    case Action::blocked:
    case Action::deny:
    case Action::lost_race: break;
  }
  return RowVerdict::later;
}

size_t rows_to_ask_again(size_t rows) {
  constexpr size_t kReasonsPerShard = 10;
  return rows > kReasonsPerShard ? kReasonsPerShard : 1;
}

}  // namespace ctk::sink::cratedb
