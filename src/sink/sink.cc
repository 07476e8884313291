#include "sink/sink.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <simdjson.h>

#include <array>

#include "base/utf8.h"
#include "json/writer.h"

namespace ctk::sink {
namespace {

constexpr size_t kLongestReason = 4096;
constexpr size_t kIdBytes = 16;

/// Text that every database can hold: valid UTF-8 without U+0000.
bool is_plain_text(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size()) && text.find('\0') == std::string_view::npos;
}

std::string id_of(const DeadLetterOrigin& origin, std::string_view record) {
  std::string input;
  const std::string index = std::to_string(origin.index);
  for (const std::string_view part : std::initializer_list<std::string_view>{
           origin.source, origin.incarnation.str(), origin.source_table, origin.shard, origin.position, index, record}) {
    // With its length in front: no two origins have one text.
    input += std::to_string(part.size()) + ':';
    input += part;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(input.data(), input.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::string id;
  for (size_t i = 0; i < kIdBytes; ++i) id += fmt::format("{:02x}", digest[i]);
  return id;
}

std::string bounded(std::string reason) {
  for (char& c : reason) {
    if (c == '\0') c = ' ';
  }
  reason.resize(cut_at_character(reason, kLongestReason).size());
  if (simdjson::validate_utf8(reason.data(), reason.size())) return reason;
  for (char& c : reason) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return reason;
}

}  // namespace

DeadLetter make_dead_letter(const DeadLetterOrigin& origin, Timestamp now, std::string kind, std::string reason,
                            std::string_view record) {
  DeadLetter letter;
  letter.id = id_of(origin, record);
  letter.time = now;
  letter.relay = origin.relay;
  letter.shard = origin.shard;
  letter.position = origin.position;
  letter.source_table = origin.source_table;
  letter.kind = std::move(kind);
  letter.reason = bounded(std::move(reason));
  if (is_plain_text(record)) {
    letter.change = record;
  } else {
    letter.change = "base64:";
    json::append_base64(letter.change, record);
  }
  return letter;
}

BatchOutcome stopped_by(std::vector<RefusedChange> refused) {
  BatchOutcome outcome;
  outcome.refused = std::move(refused);
  return outcome;
}

bool is_same_dead_letter(const DeadLetter& stored, const DeadLetter& letter) {
  return stored.shard == letter.shard && stored.position == letter.position && stored.change == letter.change;
}

Error taken_dead_letter_error(const std::string& id) {
  return {ErrorKind::internal, "dead letter " + id + " is there already, of another change", "", "please report this"};
}

Result<ResultSet> stopped_if_asked(const Query& query, Result<ResultSet> result) {
  if (result || !query.stop.stop_requested()) return result;
  Error& error = result.error();
  if (error.kind != ErrorKind::stopped) error.message = "the statement was stopped";
  error.kind = ErrorKind::stopped;
  return result;
}

}  // namespace ctk::sink
