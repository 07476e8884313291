#include "engines/lambda_session.h"

#include <utility>

namespace ctk::engines {

LambdaSession::Actions LambdaSession::invoked(Invocation invocation) {
  id_ = std::move(invocation.id);
  Result<std::vector<EventShard>> shards = read_lambda_event(invocation.event);
  if (!shards) return {Refuse{id_, std::move(shards).error()}};
  batch_.emplace(std::move(*shards));
  return go_on();
}

LambdaSession::Actions LambdaSession::go_on() {
  Actions actions;
  while (const std::optional<MappedStream> stream = batch_->turn()) {
    const auto known = written_last_.find(*stream);
    const bool is_known = known != written_last_.end();
    LambdaBatch::Run run = batch_->take(is_known ? std::optional(known->second) : std::nullopt);
    if (run.needs_fresh) {
      actions.emplace_back(Drop{*stream});
      written_last_.erase(known);
    }
    if (run.records.empty()) continue;
    pushed_ = *stream;
    pushed_last_ = std::move(run.last);
    actions.emplace_back(Push{*stream, std::move(run.records)});
    return actions;
  }
  return finish(std::move(actions));
}

LambdaSession::Actions LambdaSession::finish(Actions actions) {
  size_ = batch_->size();
  written_ = batch_->written();
  actions.emplace_back(Answer{id_, batch_answer(batch_->failures())});
  batch_.reset();
  return actions;
}

LambdaSession::Actions LambdaSession::stored(const MappedStream& stream, const shards::Position& to) {
  if (!batch_ || pushed_ != stream || !batch_->stored(to)) return {};
  written_last_[stream] = std::move(pushed_last_);
  pushed_.reset();
  return go_on();
}

LambdaSession::Actions LambdaSession::ended(const MappedStream& stream, const Error& why) {
  written_last_.erase(stream);
  Actions actions = {Drop{stream}};
  if (!batch_ || pushed_ != stream) return actions;
  pushed_.reset();
  // What ends a relay for another reason would end the next one, too.
  why.kind == ErrorKind::corrupt ? batch_->give_up_shard() : batch_->give_up();
  for (Action& action : go_on()) actions.push_back(std::move(action));
  return actions;
}

LambdaSession::Actions LambdaSession::out_of_time() {
  if (!batch_) return {};
  batch_->give_up();
  Actions actions = finish({});
  // Behind the answer, which is what there is no time left for.
  if (pushed_) actions.emplace_back(Drop{*pushed_});
  if (pushed_) written_last_.erase(*pushed_);
  pushed_.reset();
  return actions;
}

}  // namespace ctk::engines
