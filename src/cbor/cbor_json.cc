#include "cbor/cbor_json.h"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <optional>

#include "cbor/cbor_reader.h"
#include "cbor/cbor_writer.h"
#include "json/writer.h"

namespace ctk::cbor {
namespace {

void write_real(Reader& in, json::Writer& out) {
  const std::optional<double> number = in.number();
  if (!number || !std::isfinite(*number)) return out.null();
  out.number(fmt::format("{}", *number));
}

void write_integer(Reader& in, json::Writer& out) {
  const std::optional<int64_t> number = in.integer();
  if (!number) return out.null();
  out.number(*number);
}

void write_bytes(Reader& in, json::Writer& out) {
  std::string encoded;
  json::append_base64(encoded, in.bytes().value_or(""));
  out.string(encoded);
}

void write_item(Reader& in, json::Writer& out) {
  switch (in.kind()) {
    case Kind::integer: return write_integer(in, out);
    case Kind::real: return write_real(in, out);
    case Kind::text: return out.string(in.text().value_or(""));
    case Kind::bytes: return write_bytes(in, out);
    case Kind::boolean: return out.boolean(in.boolean().value_or(false));
    case Kind::array:
      out.begin_array();
      in.entries([&] { write_item(in, out); });
      return out.end_array();
    case Kind::map:
      out.begin_object();
      in.members([&](std::string_view name) {
        out.key(name);
        write_item(in, out);
      });
      return out.end_object();
    case Kind::null:
    case Kind::other: break;
  }
  in.skip();
  out.null();
}

}  // namespace

Result<std::string> to_json(std::string_view bytes) {
  std::string text;
  json::Writer out(text);
  Reader in(bytes);
  write_item(in, out);
  if (!in.complete()) return fail(ErrorKind::corrupt, "not valid CBOR", fmt::format("byte {}", in.position()));
  return text;
}

bool close_cut_list(std::string& bytes, std::string_view list) {
  size_t first = 0, end = 0;
  Reader in(bytes);
  in.members([&](std::string_view name) {
    if (name != list || end > 0) return;
    in.entries([&] {
      if (first == 0) first = in.position();
      in.skip();
      if (!in.failed()) end = in.position();
    });
  });
  if (end == 0) return false;
  std::string opening;
  Writer out(opening);
  out.begin_map();
  out.text(list);
  out.begin_array();
  bytes.resize(end);
  bytes.replace(0, first, opening);
  bytes += "\xff\xff";
  return true;
}

}  // namespace ctk::cbor
