#include "record/recorded_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "json/writer.h"

namespace ctk::record {
namespace {

constexpr std::string_view kBeforeLine = ",\"record\":";

/// arn:PARTITION:SERVICE:REGION:…
std::string_view region_of(std::string_view arn) {
  for (int colons = 0; colons < 3; ++colons) {
    const size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return "";
    arn.remove_prefix(colon + 1);
  }
  return arn.substr(0, arn.find(':'));
}

std::string kinesis_line(const RecordedStream& stream, const aws::ShardId& shard, const dynamodb::RawRecord& record) {
  std::string line;
  line.reserve(record.data.size() * 4 / 3 + 512);
  line +=
      fmt::format(R"({{"kinesis":{{"kinesisSchemaVersion":"1.0","sequenceNumber":"{}","data":")", record.sequence.str());
  json::append_base64(line, record.data);
  line += fmt::format(R"(","approximateArrivalTimestamp":{:.3f}}},"eventSource":"aws:kinesis","eventVersion":"1.0",)",
                      static_cast<double>(to_micros(record.arrival)) / 1e6);
  json::Writer writer(line);
  const auto put = [&](std::string_view name, std::string_view value) {
    line += fmt::format("\"{}\":", name);
    json::append_string(line, value);
  };
  put("eventID", fmt::format("{}:{}", shard.str(), record.sequence.str()));
  line += R"(,"eventName":"aws:kinesis:record",)";
  put("awsRegion", region_of(stream.arn));
  line += ',';
  put("eventSourceARN", stream.arn);
  return line + "}";
}

/// The service's own text, on one line: what breaks a line in JSON stands between its tokens.
std::string dynamodb_line(const RecordedStream& stream, const dynamodb::RawRecord& record) {
  std::string line(record.data);
  std::ranges::replace(line, '\n', ' ');
  std::ranges::replace(line, '\r', ' ');
  const size_t end = line.rfind('}');
  line.resize(end == std::string::npos ? line.size() : end);
  line += R"(,"eventSourceARN":)";
  json::append_string(line, stream.arn);
  return line + "}";
}

}  // namespace

std::string recorded_line(const RecordedStream& stream, const aws::ShardId& shard, const dynamodb::RawRecord& record) {
  const bool kinesis = stream.service == RecordedStream::Service::kinesis;
  return kinesis ? kinesis_line(stream, shard, record) : dynamodb_line(stream, record);
}

std::string change_around(std::string_view line, const aws::SequenceNumber& sequence) {
  std::string text;
  text.reserve(line.size() + 256);
  text += R"({"eventName":"INSERT","dynamodb":{"Keys":{"record":{"S":"-"}},"NewImage":{"record":{"S":"-"}},)"
          R"("ApproximateCreationDateTime":1,"SequenceNumber":")";
  text += sequence.str();
  text += "\"}";
  text += kBeforeLine;
  text += line;
  return text + "}";
}

std::string_view line_within(std::string_view change) {
  const size_t begin = change.find(kBeforeLine);
  if (begin == std::string_view::npos) return "";
  change.remove_prefix(begin + kBeforeLine.size());
  return change.substr(0, change.rfind('}'));
}

}  // namespace ctk::record
