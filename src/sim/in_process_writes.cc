#include "sim/in_process_writes.h"

#include "aws/dynamodb_writes_wire.h"
#include "sim/dynamodb_json.h"

namespace ctk::sim {
namespace {

/// What the service answers to one write, its refusals of a condition included.
Answer<aws::WriteOutcome> write_now(DynamoDb& service, const aws::ItemWrite& write, Timestamp now) {
  WireAnswer answer = answer_dynamodb(service, aws::action_of(write.kind), aws::write_item_request(write), now);
  const bool applied = answer.status == 200;
  if (!applied) {
    const aws::ErrorAnswer refusal = aws::read_error_answer(answer.body);
    if (refusal.code != aws::kConditionFailed) return refuse(refusal.code, refusal.message, answer.status);
  }
  auto outcome = aws::read_write_outcome(write.kind, std::move(answer.body), applied);
  if (!outcome) return refuse("InternalFailure", to_string(outcome.error()), 500);
  return std::move(*outcome);
}

}  // namespace

void InProcessWrites::create_table(const aws::NewTable& table, Done<aws::TableDescription> done) {
  way_.carry<aws::TableDescription>(
      "CreateTable", CallKind::other,
      [this, table](Timestamp now, Fault) {
        return service_.create_table({.name = table.name.str(), .keys = table.keys}, now);
      },
      std::move(done));
}

void InProcessWrites::write_item(const aws::ItemWrite& write, Done<aws::WriteOutcome> done) {
  ++writes_;
  way_.carry<aws::WriteOutcome>(
      aws::action_of(write.kind), CallKind::other,
      [this, write](Timestamp now, Fault) { return write_now(service_, write, now); }, std::move(done));
}

}  // namespace ctk::sim
