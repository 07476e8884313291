#include "relay/file_source.h"

#include <atomic>
#include <utility>

#include "relay/line_reader.h"

namespace ctk::relay {
namespace {

/// What one read takes at the most, whatever the budget allows: more would only delay the first row.
constexpr size_t kPageBytes = 2u << 20;

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t") == std::string::npos; }

class FileSource final : public Source {
 public:
  FileSource(std::string path, Executor& reader) : path_(std::move(path)), reader_(reader) {}

  void open(Done<SourceIdentity> done) override {
    run_on(
        reader_, [this] { return open_lines(); },
        [this, done = std::move(done)](Status opened) mutable {
          if (!opened) return done(std::unexpected(std::move(opened).error()));
          SourceIdentity identity;
          identity.service = "file";
          identity.name = path_;
          // All files of a source table are one incarnation.
          identity.incarnation = Incarnation("file");
          identity.bounded = true;
          identity.stores_positions = false;
          done(std::move(identity));
        });
  }

  void list(Done<std::vector<ListedShard>> done) override {
    run_on(
        reader_, [] { return true; },
        [done = std::move(done)](bool) mutable { done(std::vector<ListedShard>{{ShardId("file"), {}, false}}); });
  }

  void read(const ReadRequest& request, Done<Page> done) override {
    run_on(reader_, [this, request] { return read_lines(request); }, std::move(done));
  }

  void forget(const ShardId&) override { stale_ = true; }

 private:
  Status open_lines() {
    Result<std::unique_ptr<ByteStream>> raw = open_file(path_);
    if (!raw) return std::unexpected(std::move(raw).error());
    Result<std::unique_ptr<ByteStream>> plain = decompress(std::move(*raw));
    if (!plain) return std::unexpected(std::move(plain).error());
    lines_ = std::make_unique<LineReader>(std::move(*plain));
    return {};
  }

  Status seek(const Position& position) {
    if (path_ == "-") return fail(ErrorKind::refused, "standard input cannot be read again");
    if (Status opened = open_lines(); !opened) return opened;
    const uint64_t skip = position.kind == Position::Kind::after_sequence ? std::stoull(position.sequence.str()) : 0;
    std::string line;
    while (lines_->number() < skip) {
      Result<bool> more = lines_->next(line);
      if (!more) return std::unexpected(std::move(more).error());
      if (!*more) break;
    }
    return {};
  }

  Result<Page> read_lines(const ReadRequest& request) {
    if (stale_.exchange(false)) {
      if (Status sought = seek(request.position); !sought) return std::unexpected(std::move(sought).error());
    }
    Page page;
    const size_t most = std::min(kPageBytes, request.max_bytes == 0 ? kPageBytes : request.max_bytes);
    while (page.bytes < most) {
      std::string line;
      Result<bool> more = lines_->next(line);
      if (!more) return std::unexpected(std::move(more).error());
      if (!*more) {
        page.ended = true;
        break;
      }
      if (is_blank(line)) continue;
      page.bytes += line.capacity();
      const uint64_t number = lines_->number();
      page.records.push_back({std::move(line), aws::SequenceNumber(std::to_string(number)), number, kNoTime});
    }
    return page;
  }

  std::string path_;
  Executor& reader_;
  std::unique_ptr<LineReader> lines_;  ///< used on the reader only
  std::atomic<bool> stale_ = false;
};

}  // namespace

std::unique_ptr<Source> make_file_source(std::string path, Executor& reader) {
  return std::make_unique<FileSource>(std::move(path), reader);
}

}  // namespace ctk::relay
