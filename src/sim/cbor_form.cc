#include "sim/cbor_form.h"

#include "aws/common_wire.h"
#include "cbor/cbor_json.h"
#include "cbor/cbor_writer.h"
#include "json/reader.h"

namespace ctk::sim {
namespace {

using json::Element;

void write_number(cbor::Writer& out, Element element) {
  int64_t number = 0;
  if (element.get(number) == simdjson::SUCCESS) return out.integer(number);
  out.real(element.get_double().value());
}

/// `name`: of the member whose value it is.
void write(cbor::Writer& out, Element element, std::string_view name) {
  switch (element.type()) {
    case simdjson::dom::element_type::OBJECT:
      out.begin_map();
      for (const auto& [member, value] : json::Object(element)) {
        out.text(member);
        write(out, value, member);
      }
      return out.end();
    case simdjson::dom::element_type::ARRAY:
      out.begin_array();
      for (const Element entry : json::Array(element)) write(out, entry, name);
      return out.end();
    case simdjson::dom::element_type::STRING: {
      const std::string_view text = element.get_string().value();
      if (name != "Data") return out.text(text);
      return out.bytes(json::decode_base64(text).value_or(""));
    }
    case simdjson::dom::element_type::BOOL: return out.boolean(element.get_bool().value());
    case simdjson::dom::element_type::NULL_VALUE: return out.null();
    default: break;
  }
  const auto time = name.ends_with("Timestamp") ? aws::time_of(element.get_double().value()) : std::nullopt;
  if (time) return out.time(*time);
  write_number(out, element);
}

}  // namespace

bool is_cbor(std::string_view content_type) { return content_type.starts_with("application/x-amz-cbor"); }

Answer<std::string> request_from_cbor(std::string_view body) {
  Result<std::string> json = cbor::to_json(body);
  if (!json) return refuse("SerializationException", to_string(json.error()));
  return std::move(*json);
}

std::string answer_in_cbor(std::string_view json) {
  std::string bytes;
  json::Parser parser;
  const auto document = parser.parse(json);
  if (!document) return bytes;
  cbor::Writer out(bytes);
  write(out, *document, "");
  return bytes;
}

}  // namespace ctk::sim
