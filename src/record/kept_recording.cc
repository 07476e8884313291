#include "record/kept_recording.h"

#include <fstream>
#include <optional>
#include <sstream>

#include "base/file_writing.h"
#include "record/recorded_positions.h"

namespace ctk::record {
namespace {

std::optional<std::string> content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace

Status KeptRecording::open() {
  if (opened_) return {};
  const auto text = file_.is_kept() ? content_of(positions_path_) : std::nullopt;
  const auto there = file_.size();
  if (!there) return std::unexpected(there.error());
  if (!text && *there > 0) {
    return fail(ErrorKind::refused, file_.path() + " is there, and no " + positions_path_ + " says how far it is recorded",
                "", "name another file");
  }
  if (text) {
    auto positions = parse_positions(*text);
    if (!positions) {
      return fail(ErrorKind::refused, positions_path_ + " holds no positions of a recording", "", "name another file");
    }
    relay_ = positions->relay;
    bytes_ = positions->bytes;
    rows_.restore(relay_, positions->rows);
  }
  if (Status opened = file_.open(bytes_); !opened) return opened;
  opened_ = true;
  return {};
}

Status KeptRecording::keep(const coordination::RelayName& relay, coordination::PositionRows rows, uint64_t bytes) {
  if (file_.is_kept()) {
    if (Status kept = replace_file(positions_path_, to_text({relay, bytes, rows.list(relay)}), 0644); !kept) return kept;
  }
  relay_ = relay;
  rows_ = std::move(rows);
  bytes_ = bytes;
  return {};
}

Result<std::vector<coordination::StoredPosition>> KeptRecording::read(const coordination::RelayName& relay) const {
  if (!relay_.empty() && relay_ != relay) {
    return fail(ErrorKind::mismatch,
                file_.path() + " is a recording of " + relay_.str() + ", and this one would be of " + relay.str(), "",
                "name another file");
  }
  return rows_.list(relay);
}

Result<coordination::Acquired> KeptRecording::acquire(const coordination::AcquireRequest& request, Timestamp now) {
  coordination::PositionRows rows = rows_;
  auto acquired = rows.acquire(request, now);
  if (!acquired) return acquired;
  if (Status kept = keep(request.relay, std::move(rows), bytes_); !kept) return forward_error(std::move(kept));
  if (Status begun = begin_file(); !begun) return forward_error(std::move(begun));
  return acquired;
}

Status KeptRecording::begin_file() {
  if (bytes_ > 0) return {};
  const auto begun = file_.write(0, "");
  if (!begun) return std::unexpected(begun.error());
  return *begun == 0 ? Status() : keep(relay_, rows_, *begun);
}

Result<bool> KeptRecording::add(const coordination::RelayName& relay, coordination::Fence fence,
                                const std::vector<coordination::NewShard>& shards, Timestamp now) {
  coordination::PositionRows rows = rows_;
  auto added = rows.add(relay, fence, shards, now);
  if (!added) return added;
  if (Status kept = keep(relay, std::move(rows), bytes_); !kept) return forward_error(std::move(kept));
  return added;
}

Result<size_t> KeptRecording::remove_finished(const coordination::RelayName& relay, coordination::Fence fence,
                                              const std::vector<aws::ShardId>& shards) {
  coordination::PositionRows rows = rows_;
  auto removed = rows.remove_finished(relay, fence, shards);
  if (!removed) return removed;
  if (Status kept = keep(relay, std::move(rows), bytes_); !kept) return forward_error(std::move(kept));
  return removed;
}

Result<bool> KeptRecording::write(const coordination::RelayName& relay, std::string_view lines,
                                  const std::vector<coordination::PositionMove>& moves, Timestamp now) {
  coordination::PositionRows rows = rows_;
  if (auto moved = rows.move(relay, moves, now); !moved) return moved;
  uint64_t bytes = bytes_;
  if (!lines.empty()) {
    auto written = file_.write(bytes_, lines);
    if (!written) return forward_error(std::move(written));
    bytes = *written;
  }
  if (Status kept = keep(relay, std::move(rows), bytes); !kept) return forward_error(std::move(kept));
  return true;
}

}  // namespace ctk::record
