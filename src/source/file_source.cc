#include "source/file_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/job_queue.h"
#include "source/byte_stream.h"
#include "source/decompress.h"
#include "source/record_reader.h"

namespace ctk::source {
namespace {

/// What one read takes at the most, whatever the budget allows: more would only delay the first row.
constexpr size_t kPageBytes = 2u << 20;

/// The file as the reader's jobs see it.
class FileRecords {
 public:
  FileRecords(std::string path, const std::stop_token& stop) : path_(std::move(path)), wait_(stop) {}

  const std::string& path() const { return path_; }
  /// From any thread: the next read begins at its request's position.
  void forget() { stale_ = true; }

  /// What a file is, is known then. A pipe's first bytes may be long in coming, and the target is reached before that.
  Status open() {
    Result<std::unique_ptr<ByteStream>> raw = open_file(path_, wait_);
    if (!raw) return forward_error(std::move(raw));
    raw_ = std::move(*raw);
    return may_wait(path_) ? Status{} : look();
  }

  /// As many records as fit into the request, but none is kept waiting for one that has not been written yet, or that
  /// cannot be read: the error comes at the next call.
  Result<Page> read(const ReadRequest& request) {
    if (stale_.exchange(false)) {
      if (Status sought = seek(request.position); !sought) return std::unexpected(std::move(sought).error());
    }
    if (Status looked = look(); !looked) return forward_error(std::move(looked));
    Page page;
    page.records.reserve(records_of_last_page_);
    const size_t most = std::min(kPageBytes, request.max_bytes == 0 ? kPageBytes : request.max_bytes);
    while (page.bytes < most) {
      dynamodb::RawRecord record;
      wait_.set_patient(false);
      Result<bool> more = records_->next(record);
      wait_.set_patient(true);
      if (!more && !page.records.empty()) break;
      if (!more && is_nothing_yet(more.error())) more = records_->next(record);
      if (!more) return std::unexpected(std::move(more).error());
      if (!*more) {
        page.ended = true;
        break;
      }
      page.bytes += record.data.bytes_alone();
      page.records.push_back(std::move(record));
    }
    records_of_last_page_ = page.records.size();
    return page;
  }

 private:
  bool is_regular() const {
    std::error_code unknown;
    return path_ != "-" && std::filesystem::is_regular_file(path_, unknown);
  }

  /// What it is, by its first bytes.
  Status look() {
    if (raw_) {
      Result<std::unique_ptr<ByteStream>> plain = decompress(std::exchange(raw_, nullptr), name_of(path_));
      if (plain) {
        records_ = std::make_unique<RecordReader>(std::move(*plain), name_of(path_));
      } else {
        unreadable_ = std::move(plain).error();
      }
    }
    if (unreadable_) return std::unexpected(*unreadable_);
    return {};
  }

  Status seek(const Position& position) {
    if (path_ == "-") return fail(ErrorKind::refused, "standard input cannot be read again");
    if (!is_regular()) return fail(ErrorKind::refused, "pipe '" + path_ + "' cannot be read again");
    if (Status opened = open(); !opened) return opened;
    if (position.kind != Position::Kind::after_sequence) return {};
    Result<bool> found = records_->skip_to(shards::to_string(position));
    if (!found) return std::unexpected(std::move(found).error());
    return {};
  }

  const std::string path_;
  ReadWait wait_;
  std::unique_ptr<ByteStream> raw_;  ///< until it has been looked at
  std::unique_ptr<RecordReader> records_;
  std::optional<Error> unreadable_;  ///< instead of records
  std::atomic<bool> stale_ = false;
  size_t records_of_last_page_ = 0;
};

/// A file has one name, however it is spelled. Standard input has none: what comes there is told apart by its content.
std::string whole_path(const std::string& path) {
  if (path == "-") return path;
  std::error_code unknown;
  const std::filesystem::path whole = std::filesystem::canonical(path, unknown);
  return unknown ? path : whole.string();
}

class FileSource final : public StreamSource {
 public:
  FileSource(std::string path, std::unique_ptr<Executor> reader)
      : FileSource(std::move(path), std::move(reader), std::stop_source()) {}

  void open(Done<SourceIdentity> done) override {
    jobs_.run([this] { return file_.open(); },
              [this, done = std::move(done)](Status opened) mutable {
                if (!opened) return done(std::unexpected(std::move(opened).error()));
                SourceIdentity identity;
                identity.service = "file";
                identity.name = file_.path();
                identity.origin = whole_path(file_.path());
                // All files of a source table are one incarnation.
                identity.incarnation = Incarnation("file");
                identity.traits.bounded = true;
                identity.traits.errors_are_final = true;
                identity.traits.first_record_decides_kind = true;
                done(std::move(identity));
              });
  }

  void list(Done<std::vector<ListedShard>> done) override {
    jobs_.run([] { return true; },
              [done = std::move(done)](bool) mutable { done(std::vector<ListedShard>{{ShardId("file"), {}, false}}); });
  }

  void read(const ReadRequest& request, Done<Page> done) override {
    jobs_.run([this, request] { return file_.read(request); }, std::move(done));
  }

  void forget(const ShardId&) override { file_.forget(); }

 private:
  FileSource(std::string path, std::unique_ptr<Executor> reader, const std::stop_source& stop)
      : file_(std::move(path), stop.get_token()), jobs_(std::move(reader), stop) {}

  FileRecords file_;
  JobQueue jobs_;  // last: its jobs use the file
};

}  // namespace

bool may_wait(const std::string& path) {
  struct stat status{};
  const int found = path == "-" ? ::fstat(STDIN_FILENO, &status) : ::stat(path.c_str(), &status);
  return found == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISCHR(status.st_mode));
}

std::unique_ptr<StreamSource> make_file_source(std::string path, std::unique_ptr<Executor> reader) {
  return std::make_unique<FileSource>(std::move(path), std::move(reader));
}

}  // namespace ctk::source
