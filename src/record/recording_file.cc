#include "record/recording_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <filesystem>
#include <memory>

#include "base/file_writing.h"

namespace ctk::record {
namespace {

constexpr mode_t kMode = 0644;

Result<std::string> pack_gzip(std::string_view lines) {
  constexpr int kGzipWindow = 15 + 16, kMemory = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    return fail(ErrorKind::internal, "gzip cannot begin");
  std::string packed(deflateBound(&stream, lines.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(lines.data()));
  stream.avail_in = static_cast<uInt>(lines.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (!whole) return fail(ErrorKind::internal, "gzip has not ended");
  return packed;
}

Result<std::string> pack_zstd(std::string_view lines) {
  const std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (!context) return fail(ErrorKind::internal, "zstd cannot begin");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string packed(ZSTD_compressBound(lines.size()), '\0');
  const size_t size = ZSTD_compress2(context.get(), packed.data(), packed.size(), lines.data(), lines.size());
  if (ZSTD_isError(size) != 0) return fail(ErrorKind::internal, "zstd has not ended", ZSTD_getErrorName(size));
  packed.resize(size);
  return packed;
}

}  // namespace

Packing packing_of(std::string_view path) {
  return path.ends_with(".gz") ? Packing::gzip : path.ends_with(".zst") ? Packing::zstd : Packing::none;
}

Result<std::string> pack(Packing packing, std::string_view lines) {
  switch (packing) {
    case Packing::gzip: return pack_gzip(lines);
    case Packing::zstd: return pack_zstd(lines);
    case Packing::none: break;
  }
  return std::string(lines);
}

RecordingFile::~RecordingFile() {
  if (is_kept() && descriptor_ >= 0) ::close(descriptor_);
}

Result<uint64_t> RecordingFile::size() const {
  struct stat status{};
  if (!is_kept() || ::stat(path_.c_str(), &status) != 0) return 0;
  if (!S_ISREG(status.st_mode)) return fail(ErrorKind::refused, path_ + " is no file that can be gone on with");
  return static_cast<uint64_t>(status.st_size);
}

Status RecordingFile::open(uint64_t bytes) {
  if (!is_kept()) {
    descriptor_ = STDOUT_FILENO;
    return {};
  }
  if (descriptor_ < 0) descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kMode);
  if (descriptor_ < 0) return file_error("open", path_);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorKind::refused, path_ + " is being written to by another process");
  const auto there = size();
  if (!there) return std::unexpected(there.error());
  if (*there < bytes) {
    return fail(ErrorKind::mismatch, path_ + " is shorter than what was recorded to it", "",
                "it is not the file that " + path_ + ".positions speaks of: name another one");
  }
  if (*there > bytes && ::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) return file_error("write to", path_);
  return {};
}

Result<uint64_t> RecordingFile::write(uint64_t bytes, std::string_view lines) {
  auto packed = pack(packing_, lines);
  if (!packed) return forward_error(std::move(packed));
  if (!is_kept()) {
    if (Status put = write_all(descriptor_, *packed, "standard output"); !put) return forward_error(std::move(put));
    return bytes + packed->size();
  }
  if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0 ||
      ::lseek(descriptor_, static_cast<off_t>(bytes), SEEK_SET) < 0)
    return file_error("write to", path_);
  if (Status put = write_all(descriptor_, *packed, path_); !put) return forward_error(std::move(put));
  if (!made_durable(descriptor_)) return file_error("store what was written to", path_);
  return bytes + packed->size();
}

}  // namespace ctk::record
