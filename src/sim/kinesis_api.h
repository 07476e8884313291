// The simulated Kinesis in the place of the real one: aws::KinesisApi without HTTP, on any loop (a VirtualLoop in tests).
//
//   VirtualLoop loop(start);
//   sim::Kinesis kinesis({});
//   sim::KinesisApi api(kinesis, {loop, loop, random});
//   api.settings().faults.throttled = 0.1;
#pragma once

#include <string>
#include <utility>

#include "aws/kinesis.h"
#include "base/event_loop.h"
#include "base/random.h"
#include "sim/faults.h"
#include "sim/kinesis.h"

namespace ctk::sim {

struct KinesisApiEnvironment {
  EventLoop& loop;
  Clock& clock;
  Random& random;
  FaultObserver on_fault = {};
};

struct KinesisApiSettings {
  Duration way = std::chrono::milliseconds(2);  ///< of a request there, and of an answer back
  Duration timeout = std::chrono::seconds(30);  ///< after which a lost request or answer is noticed
  FaultKnobs faults;
  bool down = false;  ///< nobody answers: every call is `unreachable` at once
};

/// How many calls arrived, for tests of cadence and cost.
struct KinesisCallCounts {
  uint64_t describe_stream = 0, list_shards = 0, get_shard_iterator = 0, get_records = 0, create_stream = 0;
};

class KinesisApi final : public aws::KinesisApi {
 public:
  KinesisApi(Kinesis& service, KinesisApiEnvironment environment, KinesisApiSettings settings = {})
      : service_(service), environment_(std::move(environment)), settings_(settings) {}

  KinesisApiSettings& settings() { return settings_; }
  const KinesisCallCounts& counts() const { return counts_; }

  void describe_stream(const aws::StreamName& stream, aws::Done<aws::StreamSummary> done) override;
  void list_shards(const aws::StreamName& stream, const std::optional<std::string>& token,
                   aws::Done<aws::ShardPage> done) override;
  void get_shard_iterator(const aws::StreamName& stream, const aws::ShardId& shard, const aws::IteratorStart& start,
                          aws::Done<std::string> done) override;
  void get_records(const std::string& iterator, int limit, size_t max_answer_bytes,
                   aws::Done<aws::RecordPage> done) override;
  void create_stream(const aws::StreamName& stream, int shards, aws::Done<bool> done) override;

 private:
  /// Carries one call there and back: `work(now, fault)` runs at the service.
  template <class T, class Work>
  void call(const char* action, bool is_get_records, Work work, aws::Done<T> done);

  Kinesis& service_;
  KinesisApiEnvironment environment_;
  KinesisApiSettings settings_;
  KinesisCallCounts counts_;
};

}  // namespace ctk::sim
