// What a record costs from its bytes to the row's text, beside what simdjson's DOM parser alone takes for the same bytes.
// The aim is a ratio of 0.4 or more at 1 KB. Both are measured in turns within one run, so that a busy machine slows both.
#include <benchmark/benchmark.h>

#include <chrono>

#include "dynamodb/decode.h"
#include "dynamodb/encode.h"

#include "events.h"
#include "json/writer.h"

namespace ctk::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

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
      records[i].data.reserve(texts[i].size() + json::kPadding);
      records[i].data = texts[i];
      records[i].sequence = aws::SequenceNumber("49653" + std::to_string(1'000'000'000 + i) + std::string(41, '7'));
    }
    return records;
  }

  std::vector<std::string> texts;
  size_t bytes = 0;
};

/// Names of the key attributes, as a table's spec has them.
bool is_key(std::string_view name) { return name == "customer" || name == "order"; }

std::string project(const dynamodb::Change& change) {
  std::string data;
  if (!change.has_new_image()) return data;
  data.reserve(change.record->size());
  data += '{';
  for (dynamodb::Value value : change.new_image()) {
    if (is_key(value.name())) continue;
    if (data.size() > 1) data += ',';
    json::append_string(data, value.name());
    data += ':';
    dynamodb::append_plain(data, value);
  }
  data += '}';
  return data;
}

void parse_dom(simdjson::dom::parser& parser, const Events& events) {
  for (const std::string& text : events.texts) {
    simdjson::dom::element element;
    if (parser.parse(text.data(), text.size(), false).get(element) != simdjson::SUCCESS) std::abort();
    benchmark::DoNotOptimize(element);
  }
}

void decode_all(dynamodb::Decoder& decoder, std::vector<dynamodb::RawRecord> records, bool rows) {
  for (dynamodb::RawRecord& record : records) {
    dynamodb::Decoded decoded = decoder.decode(std::move(record), {.kind = dynamodb::VersionKind::kinesis});
    if (decoded.changes.size() != 1) std::abort();
    if (rows) benchmark::DoNotOptimize(project(decoded.changes[0]));
    benchmark::DoNotOptimize(decoded);
  }
}

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

/// Alternates the two and reports nanoseconds an event of each, and their ratio.
void decode_beside_dom(benchmark::State& state, bool rows) {
  Events events(static_cast<size_t>(state.range(0)));
  simdjson::dom::parser parser;
  dynamodb::Decoder decoder;
  double dom = 0, ours = 0;
  for (auto _ : state) {
    std::vector<dynamodb::RawRecord> records = events.records();
    auto start = SteadyClock::now();
    parse_dom(parser, events);
    dom += seconds_since(start);
    start = SteadyClock::now();
    decode_all(decoder, std::move(records), rows);
    double decoding = seconds_since(start);
    ours += decoding;
    state.SetIterationTime(decoding);
  }
  double count = static_cast<double>(state.iterations()) * static_cast<double>(kBatch);
  state.counters["bytes"] = static_cast<double>(events.bytes) / static_cast<double>(kBatch);
  state.counters["dom_ns"] = dom / count * 1e9;
  state.counters["ours_ns"] = ours / count * 1e9;
  state.counters["ratio"] = dom / ours;
}

void decode(benchmark::State& state) { decode_beside_dom(state, false); }
void decode_and_project(benchmark::State& state) { decode_beside_dom(state, true); }

BENCHMARK(decode)->Arg(600)->Arg(1024)->Arg(2048)->Arg(16384)->UseManualTime();
BENCHMARK(decode_and_project)->Arg(600)->Arg(1024)->Arg(2048)->Arg(16384)->UseManualTime();

}  // namespace
}  // namespace ctk::bench

BENCHMARK_MAIN();
