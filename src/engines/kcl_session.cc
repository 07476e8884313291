#include "engines/kcl_session.h"

#include <algorithm>
#include <utility>

#include "source/source.h"

namespace ctk::engines {
namespace {

using Message = DaemonMessage::Action;

constexpr int kMostTries = 10;
constexpr Duration kFirstPause = std::chrono::milliseconds(200);
constexpr Duration kLongestPause = std::chrono::seconds(10);

/// Those that another try may cure; ShutdownException says that the lease is lost, others that the call was wrong.
bool passes(const std::string& error) {
  return error == "ThrottlingException" || error == "KinesisClientLibDependencyException";
}

bool is_end(Message message) { return message == Message::shard_ended || message == Message::shutdown_terminate; }

KclSession::Actions fail_with(std::string message) {
  return {KclSession::Fail{Error{ErrorKind::corrupt, std::move(message), "", ""}}};
}

}  // namespace

KclSession::Actions KclSession::hear(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return {};
  Result<DaemonMessage> message = read_daemon_message(line);
  if (!message) return {Fail{std::move(message).error()}};
  const Message action = message->action;
  if (action == Message::checkpoint && phase_ == Phase::checkpointing) return take_answer(message->error);
  const bool is_first = action == Message::initialize, is_answer = action == Message::checkpoint;
  // Whoever has lost the lease has nothing to wait for.
  const bool leaves = action == Message::lease_lost || action == Message::shutdown_zombie;
  const bool may_come = phase_ == Phase::ready || (leaves && phase_ != Phase::fresh);
  const bool in_turn = is_first ? phase_ == Phase::fresh : may_come && !is_answer;
  if (!in_turn) {
    return fail_with("KCL's MultiLangDaemon has sent " + std::string(name_of(action)) + " where it cannot come");
  }
  return begin(std::move(*message));
}

KclSession::Actions KclSession::begin(DaemonMessage message) {
  answers_ = message.action;
  switch (message.action) {
    case Message::initialize: phase_ = Phase::opening; return {Open{std::move(message.shard)}};
    case Message::process_records: return take_records(std::move(message));
    case Message::shard_ended:
    case Message::shutdown_terminate: phase_ = Phase::ending; return {End{}};
    case Message::shutdown_requested: return last_ ? checkpoint(last_) : done();
    case Message::lease_lost:
    case Message::shutdown_zombie:
    case Message::checkpoint: break;
  }
  return done();
}

KclSession::Actions KclSession::take_records(DaemonMessage message) {
  if (message.records.empty()) return done();
  awaited_ = source::position_behind(message.records.back());
  last_ = message.last;
  // All of it was handed over, and written, before.
  if (stored_ == awaited_) return checkpoint(last_);
  phase_ = Phase::writing;
  return {Push{std::move(message.records)}};
}

KclSession::Actions KclSession::opened() { return phase_ == Phase::opening ? done() : Actions{}; }

KclSession::Actions KclSession::stored(const shards::Position& to) {
  stored_ = to;
  if (phase_ == Phase::writing && to == awaited_) return checkpoint(last_);
  if (phase_ == Phase::ending && to.ended()) return checkpoint(std::nullopt);
  return {};
}

KclSession::Actions KclSession::checkpoint(const std::optional<Checkpoint>& place) {
  phase_ = Phase::checkpointing;
  asked_ = place;
  failures_ = 0;
  return {Say{checkpoint_line(place)}};
}

KclSession::Actions KclSession::take_answer(const std::string& error) {
  if (error.empty()) return done();
  if (passes(error) && is_last_chance()) return try_again(error);
  Actions actions = {Note{"a checkpoint was not made: " + error}};
  // Only at its end a shard must have one; whose lease is lost, another worker makes it.
  if (is_end(answers_) && error != "ShutdownException") {
    return fail_with("the checkpoint at the shard's end is refused by KCL's MultiLangDaemon: " + error);
  }
  std::ranges::move(done(), std::back_inserter(actions));
  return actions;
}

KclSession::Actions KclSession::try_again(const std::string& error) {
  if (++failures_ >= kMostTries) {
    return fail_with("the last checkpoint was tried " + std::to_string(failures_) + " times: " + error);
  }
  return {Note{"a checkpoint was not made, it is tried again: " + error},
          Wait{std::min(kLongestPause, kFirstPause * (1 << std::min(failures_ - 1, 6)))}};
}

KclSession::Actions KclSession::waited() {
  if (phase_ != Phase::checkpointing) return {};
  return {Say{checkpoint_line(asked_)}};
}

KclSession::Actions KclSession::done() {
  const bool goes_on =
      answers_ == Message::initialize || answers_ == Message::process_records || answers_ == Message::shutdown_requested;
  phase_ = goes_on ? Phase::ready : Phase::over;
  return {Say{status_line(answers_)}};
}

}  // namespace ctk::engines
