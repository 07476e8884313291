#include "simulation/lease_service.h"

#include <utility>
#include <vector>

#include "sim/in_process_dynamodb.h"
#include "sim/in_process_writes.h"
#include "sim/item_json.h"

namespace ctk::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// After which a caller is told that nobody answers.
constexpr Duration kNoAnswer = seconds(30);

}  // namespace

/// What both kinds of calls have in common.
class LeaseService::Way {
 public:
  Way(LeaseService& service, Line& line) : service_(service), line_(line) {}

  template <class T, class Call>
  void carry(Call call, Done<T> done) {
    if (service_.is_gone()) {
      line_.worker.post([done = std::move(done)]() mutable { done(fail(ErrorKind::not_found, "no such table")); });
      return;
    }
    if (is_cut()) return answer_nothing(std::move(done));
    call([this, done = std::move(done)](Result<T> answer) mutable {
      if (is_late()) {
        service_.loop_.after(line_.late_by, [this, done = std::move(done), answer = std::move(answer)]() mutable {
          hand_over(std::move(answer), std::move(done));
        });
        return;
      }
      if (is_cut()) return answer_nothing(std::move(done));
      hand_over(std::move(answer), std::move(done));
    });
  }
  template <class T>
  void answer_nothing(Done<T> done) {
    line_.worker.after(kNoAnswer, [done = std::move(done)]() mutable { done(sim::lost_call("a call of the leases")); });
  }
  sim::ApiEnvironment environment() const {
    return {service_.loop_, service_.loop_, service_.random_, service_.on_fault_, &line_.worker};
  }
  sim::ApiSettings settings() const {
    sim::ApiSettings settings;
    settings.faults = service_.knobs_.service;
    return settings;
  }
  LeaseService& service() { return service_; }

 private:
  bool is_cut() const { return service_.loop_.monotonic() < line_.cut_until; }
  bool is_late() const { return service_.loop_.monotonic() < line_.late_until; }
  template <class T>
  void hand_over(Result<T> answer, Done<T> done) {
    line_.worker.post([done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
  }

  LeaseService& service_;
  Line& line_;
};

class LeaseService::Reads final : public aws::DynamoDbApi {
 public:
  Reads(LeaseService& service, Line& line)
      : way_(service, line), inner_(service.service_, way_.environment(), way_.settings()) {}

  void describe_table(const aws::TableName& table, Done<aws::TableDescription> done) override {
    if (way_.service().is_gone()) return way_.answer_nothing(std::move(done));
    way_.carry<aws::TableDescription>([&](auto answer) { inner_.describe_table(table, std::move(answer)); },
                                      std::move(done));
  }
  void scan(const aws::ScanRequest& request, Done<aws::ScanPage> done) override {
    way_.carry<aws::ScanPage>([&](auto answer) { inner_.scan(request, std::move(answer)); }, std::move(done));
  }
  void get_item(const aws::TableName& table, const std::string& key, Done<std::optional<std::string>> done) override {
    way_.carry<std::optional<std::string>>([&](auto answer) { inner_.get_item(table, key, std::move(answer)); },
                                           std::move(done));
  }
  void enable_stream(const aws::TableName& table, aws::StreamView view, Done<aws::TableDescription> done) override {
    inner_.enable_stream(table, view, std::move(done));
  }

 private:
  Way way_;
  sim::InProcessDynamoDb inner_;
};

class LeaseService::Writes final : public aws::DynamoDbWritesApi {
 public:
  Writes(LeaseService& service, Line& line)
      : way_(service, line), inner_(service.service_, way_.environment(), way_.settings()) {}

  void create_table(const aws::NewTable& table, Done<aws::TableDescription> done) override {
    if (way_.service().is_gone()) return way_.answer_nothing(std::move(done));
    way_.carry<aws::TableDescription>([&](auto answer) { inner_.create_table(table, std::move(answer)); }, std::move(done));
  }
  void write_item(const aws::ItemWrite& write, Done<aws::WriteOutcome> done) override {
    LeaseService& service = way_.service();
    if (service.random_.fraction() < service.knobs_.late) return arrive_late(write, std::move(done));
    way_.carry<aws::WriteOutcome>([&](auto answer) { inner_.write_item(write, std::move(answer)); }, std::move(done));
  }

 private:
  void arrive_late(const aws::ItemWrite& write, Done<aws::WriteOutcome> done) {
    LeaseService& service = way_.service();
    service.on_fault_("a write of a lease", "late");
    service.loop_.after(milliseconds(service.random_.below(60'000)),
                        [this, write] { inner_.write_item(write, [](const Result<aws::WriteOutcome>&) {}); });
    way_.answer_nothing(std::move(done));
  }

  Way way_;
  sim::InProcessWrites inner_;
};

LeaseService::LeaseService(const WorldKnobs& knobs, Random& random, VirtualLoop& loop, sim::FaultObserver on_fault)
    : loop_(loop),
      random_(random),
      knobs_(knobs.leases),
      on_fault_(std::move(on_fault)),
      streams_({}),
      service_({}, streams_, random) {}

std::unique_ptr<aws::DynamoDbApi> LeaseService::reads(Line& line) { return std::make_unique<Reads>(*this, line); }

std::unique_ptr<aws::DynamoDbWritesApi> LeaseService::writes(Line& line) { return std::make_unique<Writes>(*this, line); }

void LeaseService::end_faults() {
  knobs_.service = {};
  knobs_.late = 0;
  gone_until_ = {};
}

void LeaseService::erase(const aws::ShardId& shard) {
  const sim::Attributes key{{"leaseKey", coordination::text_value(shard.str())}};
  for (const std::string& table : service_.list_tables()) service_.delete_item(table, key, loop_.now()).value();
}

LeaseService::Rows LeaseService::rows() const {
  Rows rows;
  for (const std::string& table : service_.list_tables()) {
    for (const auto& [place, item] : service_.items_of(table)->items()) {
      Seen& seen = seen_[{table, place}];
      if (seen.item != item) {
        Result<std::optional<coordination::Lease>> lease = coordination::read_lease(sim::to_json(item));
        seen = {item, lease ? std::move(*lease) : std::nullopt};
      }
      if (seen.lease) rows[seen.lease->shard] = *seen.lease;
    }
  }
  return rows;
}

}  // namespace ctk::simulation
