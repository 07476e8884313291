// What a record costs from its bytes to the row's text, beside what simdjson's DOM parser alone takes for the same bytes.
// The aim is a ratio of 0.4 or more at 1 KB. Both are measured in turns within one run, so that a busy machine slows both.
#include <benchmark/benchmark.h>

#include <ctime>

#include "dynamodb/decode.h"

#include "events.h"
#include "table/render.h"
#include "table/spec.h"

namespace ctk::bench {
namespace {

constexpr size_t kBatch = 500;

struct Events {
  explicit Events(size_t size) {
    EventOptions options;
    options.count = kBatch;
    options.size = size;
    texts = make_events(options);
    for (std::string& text : texts) {
      text.reserve(text.size() + json::kPadding);
      bytes += text.size();
    }
  }

  /// Fresh copies, as a source hands them over.
  std::vector<dynamodb::RawRecord> records() const {
    std::vector<dynamodb::RawRecord> records(texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      records[i].data = texts[i];
      records[i].sequence = aws::SequenceNumber("49653" + std::to_string(1'000'000'000 + i) + std::string(41, '7'));
    }
    return records;
  }

  std::vector<std::string> texts;
  size_t bytes = 0;
};

/// The row's text for layout `columns`, as SQLite gets it.
table::Renderer make_renderer() {
  table::KeySchema keys{{{"customer", dynamodb::Type::S}, {"order", dynamodb::Type::N}}};
  table::TableOptions options;
  auto spec = table::make_spec(table::Target::sqlite, {"", "orders"}, "orders", keys, options);
  if (!spec) std::abort();
  return table::Renderer(*spec);
}

void parse_dom(simdjson::dom::parser& parser, const Events& events) {
  for (const std::string& text : events.texts) {
    simdjson::dom::element element;
    if (parser.parse(text.data(), text.size(), false).get(element) != simdjson::SUCCESS) std::abort();
    benchmark::DoNotOptimize(element);
  }
}

void decode_all(dynamodb::Decoder& decoder, std::vector<dynamodb::RawRecord> records, const table::Renderer* renderer) {
  dynamodb::Decoded decoded;
  for (dynamodb::RawRecord& record : records) {
    decoder.decode_of_batch(record, {.kind = dynamodb::VersionKind::kinesis}, decoded);
    if (decoded.changes.size() != 1) std::abort();
    if (renderer != nullptr) {
      table::Rendered row = renderer->render(decoded.changes[0], 1);
      if (!std::holds_alternative<table::Row>(row)) std::abort();
      benchmark::DoNotOptimize(row);
    }
    benchmark::DoNotOptimize(decoded);
  }
  decoder.end_batch();
}

/// Seconds of this thread's CPU: what other programs take meanwhile does not count.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Alternates the two and reports nanoseconds an event of each, and their ratio.
void decode_beside_dom(benchmark::State& state, const table::Renderer* renderer) {
  Events events(static_cast<size_t>(state.range(0)));
  simdjson::dom::parser parser;
  dynamodb::Decoder decoder;
  double dom = 0, ours = 0;
  for (auto _ : state) {
    std::vector<dynamodb::RawRecord> records = events.records();
    double start = cpu_seconds();
    parse_dom(parser, events);
    double parsed = cpu_seconds();
    decode_all(decoder, std::move(records), renderer);
    double decoded = cpu_seconds();
    dom += parsed - start;
    ours += decoded - parsed;
    state.SetIterationTime(decoded - parsed);
  }
  double count = static_cast<double>(state.iterations()) * static_cast<double>(kBatch);
  state.counters["bytes"] = static_cast<double>(events.bytes) / static_cast<double>(kBatch);
  state.counters["dom_ns"] = dom / count * 1e9;
  state.counters["ours_ns"] = ours / count * 1e9;
  state.counters["ratio"] = dom / ours;
}

void decode(benchmark::State& state) { decode_beside_dom(state, nullptr); }
void decode_and_project(benchmark::State& state) {
  table::Renderer renderer = make_renderer();
  decode_beside_dom(state, &renderer);
}

BENCHMARK(decode)->Arg(600)->Arg(1024)->Arg(2048)->Arg(16384)->UseManualTime();
BENCHMARK(decode_and_project)->Arg(600)->Arg(1024)->Arg(2048)->Arg(16384)->UseManualTime();

}  // namespace
}  // namespace ctk::bench

BENCHMARK_MAIN();
