#include "verify/pending.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace ctk::verify {
namespace {

// One difference in the file: this, then the key, then the row's state.
struct Entry {
  Difference::Kind kind;
  int looks, moves;
  int64_t since;
  uint32_t key_bytes, row_bytes;
};

void append_bytes(std::vector<std::byte>& out, const void* from, size_t size) {
  const size_t before = out.size();
  out.resize(before + size);
  if (size > 0) std::memcpy(out.data() + before, from, size);
}

std::vector<std::byte> entry_of(const Difference& difference) {
  const Entry entry{difference.kind,
                    difference.looks,
                    difference.moves,
                    difference.since.count(),
                    static_cast<uint32_t>(difference.key.size()),
                    static_cast<uint32_t>(difference.row.size())};
  std::vector<std::byte> bytes;
  append_bytes(bytes, &entry, sizeof entry);
  append_bytes(bytes, difference.key.data(), difference.key.size());
  append_bytes(bytes, difference.row.data(), difference.row.size());
  return bytes;
}

}  // namespace

Status Backlog::push(Difference difference) {
  if (in_file_ == 0 && memory_.size() < most_) {
    memory_.push_back(std::move(difference));
    return {};
  }
  if (!file_) file_ = std::make_unique<TemporaryFile>();
  if (Status written = file_->append(entry_of(difference)); !written) return written;
  ++in_file_;
  return {};
}

Result<Difference> Backlog::pop() {
  Difference difference = std::move(memory_.front());
  memory_.pop_front();
  if (memory_.empty() && in_file_ > 0) {
    if (Status refilled = refill(); !refilled) return forward_error(std::move(refilled));
  }
  return difference;
}

Status Backlog::refill() {
  for (; in_file_ > 0 && memory_.size() < most_; --in_file_) {
    Entry entry{};
    if (Status read = file_->read(read_to_, std::as_writable_bytes(std::span(&entry, 1))); !read) return read;
    read_to_ += sizeof entry;
    Difference difference;
    difference.kind = entry.kind;
    difference.looks = entry.looks;
    difference.moves = entry.moves;
    difference.since = Duration(entry.since);
    difference.key.resize(entry.key_bytes);
    difference.row.resize(entry.row_bytes);
    for (std::string* text : {&difference.key, &difference.row}) {
      if (Status read = file_->read(read_to_, std::as_writable_bytes(std::span(*text))); !read) return read;
      read_to_ += text->size();
    }
    memory_.push_back(std::move(difference));
  }
  if (in_file_ == 0) {
    file_.reset();
    read_to_ = 0;
  }
  return {};
}

Status Pending::add(Difference difference) {
  const auto looks = static_cast<size_t>(std::min(difference.looks, kMostLooks - 1));
  difference.paths.clear();  // the next look finds its own, and they may be long
  return looks_[looks].push(std::move(difference));
}

Result<std::vector<Difference>> Pending::take_due(Duration now, size_t most) {
  std::vector<Difference> due;
  for (Backlog& backlog : looks_) {
    while (due.size() < most && backlog.front() != nullptr && due_at(*backlog.front(), settle_) <= now) {
      Result<Difference> next = backlog.pop();
      if (!next) return forward_error(std::move(next));
      due.push_back(std::move(*next));
    }
  }
  return due;
}

size_t Pending::size() const {
  size_t all = 0;
  for (const Backlog& backlog : looks_) all += backlog.size();
  return all;
}

}  // namespace ctk::verify
