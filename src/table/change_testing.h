// For tests: changes made from the text of an item.
#pragma once

#include <stdexcept>
#include <string>

#include "dynamodb/decode.h"

namespace ctk::table::testing {

/// What becomes of an item, as typed JSON. An empty image is left out.
struct EventText {
  std::string operation = "INSERT";
  std::string keys = R"({"id":{"S":"1"}})";
  std::string new_image;
  std::string old_image;

  std::string str() const {
    std::string text = R"({"eventName":")" + operation + R"(","tableName":"demo","dynamodb":{"Keys":)" + keys;
    if (!new_image.empty()) text += R"(,"NewImage":)" + new_image;
    if (!old_image.empty()) text += R"(,"OldImage":)" + old_image;
    return text + R"(,"ApproximateCreationDateTime":1720740233012995,)" +
           R"("ApproximateCreationDateTimePrecision":"MICROSECOND"}})";
  }
};

inline dynamodb::Change change_of(const EventText& event) {
  dynamodb::RawRecord record;
  record.data = event.str();
  record.sequence = aws::SequenceNumber("49653");
  dynamodb::DecodeOptions options;
  options.kind = dynamodb::VersionKind::kinesis;
  options.old_image = true;
  dynamodb::Decoder decoder;
  dynamodb::Decoded decoded = decoder.decode(std::move(record), options);
  if (decoded.changes.size() != 1) {
    throw std::runtime_error(decoded.undecodable.empty() ? "no change" : decoded.undecodable[0].reason);
  }
  return std::move(decoded.changes[0]);
}

inline dynamodb::Change insert_of(std::string item, std::string keys = R"({"id":{"S":"1"}})") {
  return change_of({"INSERT", std::move(keys), std::move(item), ""});
}

}  // namespace ctk::table::testing
