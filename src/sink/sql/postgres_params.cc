#include "sink/sql/postgres_params.h"

#include <charconv>

namespace ctk::sink::sql {
namespace {

constexpr int kText = 0;
constexpr int kBinary = 1;
constexpr int64_t kMicrosFrom1970To2000 = 946'684'800'000'000;

void write_big_endian(std::array<char, 32>& out, int64_t value) {
  auto bits = static_cast<uint64_t>(value);
  for (size_t i = 0; i < 8; ++i) out[i] = static_cast<char>(bits >> (56 - 8 * i));
}

}  // namespace

void PostgresParams::set(std::span<const Param> params) {
  values_.resize(params.size());
  lengths_.resize(params.size());
  formats_.resize(params.size());
  scratch_.resize(std::max(scratch_.size(), params.size()));
  for (size_t i = 0; i < params.size(); ++i) set_one(i, params[i]);
}

void PostgresParams::set_one(size_t place, const Param& param) {
  using Kind = Param::Kind;
  std::array<char, 32>& scratch = scratch_[place];
  auto put = [&](const char* value, size_t size, int format) {
    values_[place] = value;
    lengths_[place] = static_cast<int>(size);
    formats_[place] = format;
  };
  switch (param.kind) {
    case Kind::null: return put(nullptr, 0, kText);
    case Kind::text:  // as binary, since libpq's text ends at the first NUL and would cut a key into another one
    case Kind::binary: return put(param.text.data() == nullptr ? "" : param.text.data(), param.text.size(), kBinary);
    case Kind::json:
    case Kind::number: return put(param.text.data(), param.text.size(), kText);
    case Kind::integer: {
      auto end = std::to_chars(scratch.data(), scratch.data() + scratch.size() - 1, param.integer).ptr;
      *end = '\0';
      return put(scratch.data(), static_cast<size_t>(end - scratch.data()), kText);
    }
    case Kind::real: {
      auto end = std::to_chars(scratch.data(), scratch.data() + scratch.size() - 1, param.number).ptr;
      *end = '\0';
      return put(scratch.data(), static_cast<size_t>(end - scratch.data()), kText);
    }
    case Kind::boolean: return put(param.integer != 0 ? "t" : "f", 1, kText);
    case Kind::time:
      write_big_endian(scratch, param.integer - kMicrosFrom1970To2000);
      return put(scratch.data(), 8, kBinary);
  }
}

}  // namespace ctk::sink::sql
