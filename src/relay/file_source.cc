#include "relay/file_source.h"

#include <atomic>
#include <filesystem>
#include <utility>

#include "base/lifeline.h"
#include "relay/line_reader.h"

namespace ctk::relay {
namespace {

/// What one read takes at the most, whatever the budget allows: more would only delay the first row.
constexpr size_t kPageBytes = 2u << 20;

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t") == std::string::npos; }

/// The file as the reader's jobs see it; they keep it for as long as they need it.
class FileLines {
 public:
  explicit FileLines(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  /// From any thread: ends whatever waits for bytes.
  void stop() const { wait_.stop(); }
  /// From any thread: the next read begins at its request's position.
  void forget() { stale_ = true; }

  Status open() {
    Result<std::unique_ptr<ByteStream>> raw = open_file(path_, wait_);
    if (!raw) return std::unexpected(std::move(raw).error());
    Result<std::unique_ptr<ByteStream>> plain = decompress(std::move(*raw));
    if (!plain) return std::unexpected(std::move(plain).error());
    lines_ = std::make_unique<LineReader>(std::move(*plain));
    return {};
  }

  /// As many lines as fit into the request, but none is kept waiting for one that has not been written yet.
  Result<Page> read(const ReadRequest& request) {
    if (stale_.exchange(false)) {
      if (Status sought = seek(request.position); !sought) return std::unexpected(std::move(sought).error());
    }
    Page page;
    const size_t most = std::min(kPageBytes, request.max_bytes == 0 ? kPageBytes : request.max_bytes);
    while (page.bytes < most) {
      std::string line;
      wait_.set_patient(page.records.empty());
      Result<bool> more = lines_->next(line);
      wait_.set_patient(true);
      if (!more && is_nothing_yet(more.error())) break;
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

 private:
  Status seek(const Position& position) {
    if (path_ == "-") return fail(ErrorKind::refused, "standard input cannot be read again");
    if (!std::filesystem::is_regular_file(path_))
      return fail(ErrorKind::refused, "pipe '" + path_ + "' cannot be read again");
    if (Status opened = open(); !opened) return opened;
    const uint64_t skip = position.kind == Position::Kind::after_sequence ? std::stoull(position.sequence.str()) : 0;
    std::string line;
    while (lines_->number() < skip) {
      Result<bool> more = lines_->next(line);
      if (!more) return std::unexpected(std::move(more).error());
      if (!*more) break;
    }
    return {};
  }

  const std::string path_;
  ReadWait wait_;
  std::unique_ptr<LineReader> lines_;
  std::atomic<bool> stale_ = false;
};

/// A file has one name, however it is spelled. Standard input has none: what comes there is told apart by its content.
std::string whole_path(const std::string& path) {
  if (path == "-") return path;
  std::error_code unknown;
  const std::filesystem::path whole = std::filesystem::canonical(path, unknown);
  return unknown ? path : whole.string();
}

class FileSource final : public Source {
 public:
  FileSource(std::string path, Executor& reader) : lines_(std::make_shared<FileLines>(std::move(path))), reader_(reader) {}
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource() override { lines_->stop(); }

  void open(Done<SourceIdentity> done) override {
    run_on(
        reader_, [lines = lines_] { return lines->open(); },
        lifeline_.guard([this, done = std::move(done)](Status opened) mutable {
          if (!opened) return done(std::unexpected(std::move(opened).error()));
          SourceIdentity identity;
          identity.service = "file";
          identity.name = lines_->path();
          identity.origin = whole_path(lines_->path());
          // All files of a source table are one incarnation.
          identity.incarnation = Incarnation("file");
          identity.bounded = true;
          identity.stores_positions = false;
          done(std::move(identity));
        }));
  }

  void list(Done<std::vector<ListedShard>> done) override {
    run_on(
        reader_, [] { return true; }, lifeline_.guard([done = std::move(done)](bool) mutable {
          done(std::vector<ListedShard>{{ShardId("file"), {}, false}});
        }));
  }

  void read(const ReadRequest& request, Done<Page> done) override {
    run_on(reader_, [lines = lines_, request] { return lines->read(request); }, lifeline_.guard(std::move(done)));
  }

  void forget(const ShardId&) override { lines_->forget(); }

 private:
  std::shared_ptr<FileLines> lines_;
  Executor& reader_;
  Lifeline lifeline_;
};

}  // namespace

std::unique_ptr<Source> make_file_source(std::string path, Executor& reader) {
  return std::make_unique<FileSource>(std::move(path), reader);
}

}  // namespace ctk::relay
