// Workers with one mistake each in how they share a load.
#include <algorithm>
#include <string>
#include <utility>

#include "simulation/broken_parts.h"
#include "simulation/lease_writes_shell.h"
#include "simulation/sink_shell.h"

namespace ctk::simulation {
namespace {

using aws::ItemWrite;
using aws::WriteOutcome;

bool is_of_segment(const ItemWrite& write) { return write.subject.contains("\"load:"); }

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// Takes one segment for read from the beginning.
class LeavesASegmentOpen final : public LeaseWritesShell {
 public:
  LeavesASegmentOpen(std::unique_ptr<aws::DynamoDbWritesApi> inner, EventLoop&) : LeaseWritesShell(std::move(inner)) {}
  void write_item(const ItemWrite& write, Done<WriteOutcome> done) override {
    ItemWrite broken = write;
    const bool is_first = is_of_segment(write) && write.subject.contains(":000/");
    if (is_first && write.kind == ItemWrite::Kind::put) replace_all(broken.subject, "TRIM_HORIZON", "SHARD_END");
    LeaseWritesShell::write_item(broken, std::move(done));
  }
};

/// Stores a segment's end with the first page of it that is written.
class StoresWhatIsNotWritten final : public LeaseWritesShell {
 public:
  StoresWhatIsNotWritten(std::unique_ptr<aws::DynamoDbWritesApi> inner, EventLoop&) : LeaseWritesShell(std::move(inner)) {}
  void write_item(const ItemWrite& write, Done<WriteOutcome> done) override {
    ItemWrite broken = write;
    if (is_of_segment(write) && stores_progress(write)) {
      const std::string end = R"({"S":"SHARD_END"})";
      for (const char* value : {":checkpoint", ":ctkPosition"}) {
        if (broken.values.contains(value)) broken.values[value] = end;
      }
    }
    LeaseWritesShell::write_item(broken, std::move(done));
  }
};

/// A load that another worker has begun is over for whoever comes later.
class ReadyBeforeOthersHaveRead final : public SinkShell {
 public:
  using SinkShell::SinkShell;
  void open(const table::TableSpec& spec, const coordination::TableRegistration& registration,
            Done<sink::OpenTable> done) override {
    SinkShell::open(spec, registration, [registration, done = std::move(done)](Result<sink::OpenTable> opened) mutable {
      const bool is_anothers = opened && opened->record.load == coordination::LoadState::running &&
                               (!registration.load || opened->record.cut != registration.load->cut);
      if (is_anothers) {
        opened->record.load = coordination::LoadState::complete;
        opened->record.loaded = opened->record.cut;
      }
      done(std::move(opened));
    });
  }
};

/// Begins a load where another worker has begun one.
class BeginsItsOwnLoad final : public SinkShell {
 public:
  using SinkShell::SinkShell;
  void open(const table::TableSpec& spec, const coordination::TableRegistration& registration,
            Done<sink::OpenTable> done) override {
    coordination::TableRegistration own = registration;
    if (own.load) {
      own.load->kind = coordination::LoadRequest::Kind::restart;
      own.load->seen = 1'000'000;
    }
    SinkShell::open(spec, own, std::move(done));
  }
};

template <class Shell>
class BrokenSink final : public Parts {
 public:
  std::unique_ptr<sink::Sink> sink(std::unique_ptr<sink::Sink> sink) override {
    return std::make_unique<Shell>(std::move(sink));
  }
};

template <class T>
std::unique_ptr<Parts> make_loads() {
  return std::make_unique<T>();
}

}  // namespace

std::vector<Mutation> load_mutations() {
  return {
      {"LeavesASegmentOpen", "a load that is finished while one segment is open",
       make_loads<BrokenLeaseWrites<LeavesASegmentOpen>>},
      {"StoresWhatIsNotWritten", "a segment's checkpoint that is stored before its rows are written",
       make_loads<BrokenLeaseWrites<StoresWhatIsNotWritten>>},
      {"ReadyBeforeOthersHaveRead", "\"ready\" before another worker's segment ends",
       make_loads<BrokenSink<ReadyBeforeOthersHaveRead>>},
      {"BeginsItsOwnLoad", "a load that is begun twice, in two epochs", make_loads<BrokenSink<BeginsItsOwnLoad>>},
  };
}

}  // namespace ctk::simulation
