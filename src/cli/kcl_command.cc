// `ctk kcl-processor`: a relay of one shard, whose records KCL's MultiLangDaemon writes to standard input.
#include <unistd.h>

#include <utility>

#include "base/event_loop.h"
#include "base/job_queue.h"
#include "cli/exit_code.h"
#include "cli/pushed_relay.h"
#include "cli/run_commands.h"
#include "cli/signals.h"
#include "cli/wired_relay.h"
#include "cli/wiring.h"
#include "engines/kcl_session.h"
#include "relay/relay.h"
#include "source/byte_stream.h"

namespace ctk::cli {
namespace {

using engines::KclSession;

constexpr size_t kChunk = 256u << 10;
/// A page of KCL's has at most 10 MB of data, and what comes with each record.
constexpr size_t kLongestLine = 128u << 20;
/// The daemon sends nothing more until it has its answer: there is nothing to wait for.
constexpr Duration kBatchAge = std::chrono::milliseconds(1);

/// Standard input, read on a thread of its own.
class Input {
 public:
  explicit Input(EventLoop& loop) : Input(loop, std::stop_source()) {}

  /// The next bytes; none at the end.
  void read(Done<std::string> done) {
    jobs_.run([this] { return read_now(); }, std::move(done));
  }

 private:
  Input(EventLoop& loop, const std::stop_source& stop)
      : wait_(stop.get_token()), jobs_(std::make_unique<ThreadExecutor>(loop, "ctk-input"), stop) {}

  Result<std::string> read_now() {
    if (!bytes_) {
      auto opened = source::open_file("-", wait_);
      if (!opened) return forward_error(std::move(opened));
      bytes_ = std::move(*opened);
    }
    std::string chunk(kChunk, '\0');
    const Result<size_t> size = bytes_->read(chunk.data(), chunk.size());
    if (!size) return std::unexpected(size.error());
    chunk.resize(*size);
    return chunk;
  }

  source::ReadWait wait_;
  std::unique_ptr<source::ByteStream> bytes_;
  JobQueue jobs_;  // last: its jobs use the others
};

/// Obeys the session: between standard input and output and the shard's relay.
class Processor {
 public:
  Processor(const LoadPlan& plan, World& world, ThreadLoop& loop) : plan_(plan), world_(world), loop_(loop), input_(loop) {}

  void begin() { read(); }
  /// No more is taken; what is under way may be written.
  void stop() {
    if (shard_ && !relay_ended_) return shard_->relay.stop();
    loop_.quit();
  }
  int exit_code() const { return code_; }
  bool target_hangs() const { return target_hangs_; }

 private:
  void read() {
    input_.read(lifeline_.guard([this](Result<std::string> chunk) {
      if (!chunk) return fail(chunk.error());
      if (chunk->empty()) return stop();
      text_ += *chunk;
      take_lines();
      if (text_.size() > kLongestLine) {
        return fail({ErrorKind::corrupt, "standard input holds a line of more than 128 MB", "", ""});
      }
      read();
    }));
  }

  void take_lines() {
    size_t begin = 0;
    for (size_t end = text_.find('\n'); end != std::string::npos; end = text_.find('\n', begin)) {
      perform(session_.hear(std::string_view(text_).substr(begin, end - begin)));
      begin = end + 1;
    }
    text_.erase(0, begin);
  }

  void perform(KclSession::Actions actions) {
    for (KclSession::Action& action : actions) {
      if (!failed_) std::visit([this](auto& one) { perform(one); }, action);
    }
  }
  void perform(const KclSession::Open& open) {
    auto moved = [this](const aws::ShardId&, const shards::Position& to) { perform(session_.stored(to)); };
    shard_ =
        std::make_unique<PushedRelay>(plan_, engines::identity_of_pushed("kcl", open.shard), open.shard, std::move(moved),
                                      std::make_unique<WiredSink>(plan_.target, world_, loop_), world_, loop_);
    shard_->shard.when_read([this] { perform(session_.opened()); });
    shard_->relay.run([this](Result<relay::RelayStats> result) {
      relay_ended_ = true;
      target_hangs_ = result && result->target_hangs;
      if (!result) return fail(result.error());
      loop_.quit();
    });
  }
  void perform(KclSession::Push& push) { shard_->shard.push(std::move(push.records)); }
  void perform(const KclSession::End&) { shard_->shard.end(); }
  void perform(const KclSession::Say& say) {
    if (print_result(world_, say.line)) return;
    failed_ = true;
    code_ = kFailed;
    loop_.quit();
  }
  void perform(const KclSession::Wait& wait) {
    loop_.after(wait.time, lifeline_.guard([this] { perform(session_.waited()); }));
  }
  void perform(const KclSession::Note& note) { world_.log.warn(note.text); }
  void perform(const KclSession::Fail& failure) { fail(failure.error); }

  void fail(const Error& error) {
    if (std::exchange(failed_, true)) return;
    code_ = report_error(world_, error);
    loop_.quit();
  }

  const LoadPlan& plan_;
  World& world_;
  ThreadLoop& loop_;
  KclSession session_;
  std::string text_;  ///< read, and no whole line yet
  bool failed_ = false;
  bool relay_ended_ = false;
  bool target_hangs_ = false;  ///< a thread may wait for it yet
  int code_ = kDone;
  std::unique_ptr<PushedRelay> shard_;
  Input input_;
  Lifeline lifeline_;
};

/// What the options of a load leave to whoever reads the source.
void leave_to_daemon(relay::RelayOptions& relay) {
  relay.once = false;
  relay.batch.age = relay.batch.age.value_or(kBatchAge);
  // Other shards have other processes: nothing fences their writes from this one's sweeping.
  relay.sweep.floor = relay.sweep.unfenced_floor();
}

}  // namespace

int run_kcl_processor(const KclProcessorCommand& command, World& world) {
  auto plan = plan_load(command.load, world.environment(), is_readable_file);
  if (!plan) return report_error(world, plan.error());
  for (const std::string& note : plan->notes) world.log.debug(note);
  leave_to_daemon(plan->relay);
  plan->relay.worker = worker_name(world.random);

  ThreadLoop loop(world.clock);
  std::unique_ptr<Processor> processor;
  SignalWatcher signals([&] { loop.post([&] { processor->stop(); }); });
  processor = std::make_unique<Processor>(*plan, world, loop);
  loop.post([&] { processor->begin(); });
  loop.run();
  const int code = processor->exit_code();
  signals.run_is_over(code);
  if (processor->target_hangs()) _exit(code);
  processor.reset();
  return code;
}

}  // namespace ctk::cli
