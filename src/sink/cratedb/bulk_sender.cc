#include "sink/cratedb/bulk_sender.h"

#include <algorithm>

namespace ctk::sink::cratedb {
namespace {

std::string bulk_of(const std::vector<BulkRow*>& rows) {
  size_t size = 2;
  for (const BulkRow* row : rows) size += row->args.size() + 1;
  std::string bulk;
  bulk.reserve(size);
  bulk += '[';
  for (const BulkRow* row : rows) {
    if (bulk.size() > 1) bulk += ',';
    bulk += row->args;
  }
  return bulk += ']';
}

}  // namespace

std::deque<BulkSender::Group> BulkSender::split(const std::vector<BulkRow*>& rows, const BatchBounds& bounds) {
  std::deque<Group> groups;
  size_t bytes = 0;
  for (BulkRow* row : rows) {
    if (row->settled || row->refusal) continue;
    if (groups.empty() || groups.back().size() >= bounds.rows || bytes + row->args.size() > bounds.bytes) {
      groups.emplace_back();
      bytes = 0;
    }
    groups.back().push_back(row);
    bytes += row->args.size();
  }
  return groups;
}

Task<Result<bool>> BulkSender::send(std::vector<BulkRow*> rows, BatchBounds& bounds) {
  later_.reset();
  work_ = split(rows, bounds);
  while (!work_.empty()) {
    Group group = std::move(work_.front());
    work_.pop_front();
    Result<bool> sent = co_await send_group(std::move(group), bounds);
    if (!sent) co_return sent;
  }
  if (later_) co_return std::unexpected(to_error(*later_, doing_));
  co_return true;
}

Task<Result<bool>> BulkSender::send_group(Group group, BatchBounds& bounds) {
  Statement statement{.sql = sql_, .args = "", .bulk = bulk_of(group)};
  const Again again = group.size() > 1 ? Again::briefly : Again::freely;
  SqlResult answer = co_await session_.client.run(std::move(statement), again);
  if (answer) {
    judge_results(group, *answer);
    co_return true;
  }
  const Failure& failure = answer.error();
  switch (judge_request(failure.action, group.size(), any_passed_)) {
    case RequestVerdict::give_up: co_return std::unexpected(failure.error(doing_));
    case RequestVerdict::refuse: group[0]->refusal = failure.server; break;
    case RequestVerdict::split: {
      if (failure.action == Action::send_less) bounds.rows = std::max<size_t>(group.size() / 2, 1);
      const auto middle = group.begin() + static_cast<ptrdiff_t>(group.size() / 2);
      work_.emplace_front(middle, group.end());
      work_.emplace_front(group.begin(), middle);
      break;
    }
  }
  co_return true;
}

void BulkSender::judge_results(const Group& group, const Answer& answer) {
  Group unsaid;
  for (size_t i = 0; i < group.size(); i++) {
    BulkRow& row = *group[i];
    const RowResult missing{.rowcount = -2, .error = {}};
    const RowResult& result = i < answer.results.size() ? answer.results[i] : missing;
    const bool is_there = unchanged_ == Unchanged::is_there && result.rowcount == 0;
    switch (is_there ? RowVerdict::applied : judge_row(result)) {
      case RowVerdict::applied:
        row.settled = true;
        any_passed_ = true;
        break;
      case RowVerdict::refused: row.refusal = result.error; break;
      case RowVerdict::later: later_ = result.error; break;
      case RowVerdict::unsaid: unsaid.push_back(&row); break;
    }
  }
  if (group.size() == 1 && !unsaid.empty()) {
    group[0]->refusal = ServerError{.status = 0, .code = 0, .exception = "", .message = "the server gives no reason"};
    return;
  }
  const size_t together = rows_to_ask_again(group.size());
  for (size_t start = 0; start < unsaid.size(); start += together) {
    const size_t end = std::min(start + together, unsaid.size());
    work_.emplace_back(unsaid.begin() + static_cast<ptrdiff_t>(start), unsaid.begin() + static_cast<ptrdiff_t>(end));
  }
}

}  // namespace ctk::sink::cratedb
