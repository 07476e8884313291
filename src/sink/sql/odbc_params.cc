#include "sink/sql/odbc_params.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/time.h"
#include "sink/sql/mysql_text.h"

namespace ctk::sink::sql {
namespace {

/// Bytes of all buffers of one call, unless a single row has more.
constexpr size_t kMostBytes = 8U << 20U;
/// Texts that are longer are "long" to ODBC.
constexpr size_t kLongest = 4'000;

/// What stands beside a value where it is sent: an indicator, and a length.
constexpr size_t kBesideValue = 10;

enum class Class { none, text, bytes, integer, real, bit };

Class class_of(const Param& param, const OdbcForms& forms) {
  using Kind = Param::Kind;
  switch (param.kind) {
    case Kind::null: return Class::none;
    case Kind::text:
    case Kind::json:
    case Kind::number:
    case Kind::time: return Class::text;
    case Kind::binary: return Class::bytes;
    case Kind::integer: return Class::integer;
    case Kind::real: return Class::real;
    case Kind::boolean: return forms.bits ? Class::bit : Class::integer;
  }
  return Class::none;
}

std::string time_text(int64_t micros, const OdbcForms& forms) {
  std::string text = format_iso8601(from_micros(micros));
  if (forms.iso_times) return text;
  if (text.ends_with('Z')) text.pop_back();
  std::ranges::replace(text, 'T', ' ');
  return text;
}

/// A text parameter as it is sent.
std::string sent_text(const Param& param, const OdbcForms& forms) {
  std::string text = param.kind == Param::Kind::number ? plain_decimal(param.text)
                     : param.kind == Param::Kind::time ? time_text(param.integer, forms)
                                                       : std::string(param.text);
  if (!forms.wide) return text;
  const std::optional<std::u16string> wide = to_utf16(text);
  return wide ? std::string(reinterpret_cast<const char*>(wide->data()), wide->size() * 2) : std::string();
}

size_t size_of(const Param& param, Class kind, const OdbcForms& forms) {
  switch (kind) {
    case Class::none: return 1;
    case Class::text:
      if (param.kind == Param::Kind::time) return forms.wide ? 64 : 32;
      if (param.kind == Param::Kind::number) return (forms.wide ? 2 : 1) * plain_decimal(param.text).size();
      return (forms.wide ? 2 : 1) * param.text.size();  // never more UTF-16 units than UTF-8 bytes
    case Class::bytes: return param.text.size();
    case Class::integer: return sizeof(int64_t);
    case Class::real: return sizeof(double);
    case Class::bit: return 1;
  }
  return 1;
}

void append_utf8(std::string& text, char32_t point) {
  const auto tail = [&](unsigned shift) { text += static_cast<char>(0x80U | ((point >> shift) & 0x3fU)); };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xc0U | (point >> 6U));
    tail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xe0U | (point >> 12U));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0U | (point >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

std::optional<std::u16string> to_utf16(std::string_view text) {
  std::u16string wide;
  wide.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const bool stray = first >= 0x80 && first < 0xc2;
    if (stray || first > 0xf4 || at + length > text.size()) return std::nullopt;
    char32_t point = length == 1 ? first : first & (0xffU >> (length + 1));
    for (size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xc0U) != 0x80) return std::nullopt;
      point = point << 6U | (next & 0x3fU);
    }
    if (point >= 0x10000) {
      wide += static_cast<char16_t>(0xd800U + ((point - 0x10000) >> 10U));
      wide += static_cast<char16_t>(0xdc00U + ((point - 0x10000) & 0x3ffU));
    } else {
      wide += static_cast<char16_t>(point);
    }
    at += length;
  }
  return wide;
}

std::string from_utf16(std::u16string_view text) {
  std::string narrow;
  for (size_t at = 0; at < text.size(); ++at) {
    char32_t point = text[at];
    const bool high = point >= 0xd800 && point < 0xdc00 && at + 1 < text.size();
    if (high && text[at + 1] >= 0xdc00 && text[at + 1] < 0xe000) {
      point = 0x10000 + ((point - 0xd800) << 10U) + (text[++at] - 0xdc00U);
    }
    append_utf8(narrow, point);
  }
  return narrow;
}

size_t OdbcParams::fill(std::span<const Param> params, size_t width, std::span<const size_t> order, const OdbcForms& forms,
                        const OdbcMost& most) {
  refusal_.clear();
  columns_.assign(order.size(), {});
  const size_t executions = width == 0 ? 1 : params.size() / width;
  std::vector<Class> classes(order.size(), Class::none);
  std::vector<size_t> strides(order.size(), 1);
  size_t rows = 0;
  for (; rows < std::min(most.sets, executions); ++rows) {
    // A column of a call has one type, and all rows of it are as wide as the widest.
    std::vector<Class> next_classes = classes;
    std::vector<size_t> next_strides = strides;
    bool alike = true;
    size_t bytes = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      const Param& param = params[rows * width + order[i]];
      const Class kind = class_of(param, forms);
      if (kind != Class::none) {
        alike = alike && (classes[i] == Class::none || classes[i] == kind);
        next_classes[i] = kind;
      }
      next_strides[i] = std::max(strides[i], size_of(param, kind, forms));
      bytes += next_strides[i] + kBesideValue;
    }
    if (rows > 0 && (!alike || bytes * (rows + 1) > std::min(most.bytes, kMostBytes))) break;
    classes = std::move(next_classes);
    strides = std::move(next_strides);
  }
  for (size_t i = 0; i < order.size(); ++i) {
    Column& column = columns_[i];
    const bool is_long = strides[i] > kLongest;
    switch (classes[i]) {
      case Class::none:
      case Class::text:
        column.c_type = forms.wide ? SQL_C_WCHAR : SQL_C_CHAR;
        column.sql_type =
            forms.wide ? (is_long ? SQL_WLONGVARCHAR : SQL_WVARCHAR) : (is_long ? SQL_LONGVARCHAR : SQL_VARCHAR);
        break;
      case Class::bytes:
        column.c_type = SQL_C_BINARY;
        column.sql_type = is_long ? SQL_LONGVARBINARY : SQL_VARBINARY;
        break;
      case Class::integer:
        column.c_type = SQL_C_SBIGINT;
        column.sql_type = SQL_BIGINT;
        break;
      case Class::real:
        column.c_type = SQL_C_DOUBLE;
        column.sql_type = SQL_DOUBLE;
        break;
      case Class::bit:
        column.c_type = SQL_C_BIT;
        column.sql_type = SQL_BIT;
        break;
    }
    column.stride = strides[i];
    column.bytes.assign(column.stride * rows, '\0');
    column.lengths.assign(rows, SQL_NULL_DATA);
    for (size_t row = 0; row < rows; ++row) put(column, row, params[row * width + order[i]], forms);
  }
  return rows;
}

void OdbcParams::put(Column& column, size_t row, const Param& param, const OdbcForms& forms) {
  char* place = column.bytes.data() + row * column.stride;
  const auto copy = [&](const void* bytes, size_t size) {
    if (size > 0) std::memcpy(place, bytes, size);
    column.lengths[row] = static_cast<SQLLEN>(size);
  };
  switch (class_of(param, forms)) {
    case Class::none: return;
    case Class::text: {
      const bool given = param.kind == Param::Kind::text || param.kind == Param::Kind::json;
      if (given && !forms.nul_in_text && param.text.find('\0') != std::string_view::npos) {
        refusal_ = "a text holds U+0000, at which the ODBC driver would end it";
      }
      const std::string text = sent_text(param, forms);
      return copy(text.data(), text.size());
    }
    case Class::bytes: return copy(param.text.data(), param.text.size());
    case Class::integer: return copy(&param.integer, sizeof param.integer);
    case Class::real: return copy(&param.number, sizeof param.number);
    case Class::bit: {
      const unsigned char bit = param.integer != 0 ? 1 : 0;
      return copy(&bit, 1);
    }
  }
}

size_t OdbcParams::bytes() const {
  size_t bytes = 0;
  for (const Column& column : columns_) {
    for (const SQLLEN length : column.lengths) bytes += kBesideValue + static_cast<size_t>(std::max<SQLLEN>(length, 8));
  }
  return bytes;
}

bool OdbcParams::bind(SQLHANDLE statement) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    const bool wide = column.c_type == SQL_C_WCHAR;
    const SQLULEN size = std::max<size_t>(1, wide ? column.stride / 2 : column.stride);
    const SQLRETURN bound = odbc_library()->BindParameter(statement, static_cast<SQLUSMALLINT>(i + 1), SQL_PARAM_INPUT,
                                                          column.c_type, column.sql_type, size, 0, column.bytes.data(),
                                                          static_cast<SQLLEN>(column.stride), column.lengths.data());
    if (!SQL_SUCCEEDED(bound)) return false;
  }
  return true;
}

}  // namespace ctk::sink::sql
