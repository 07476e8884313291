// DynamoDB's N: a decimal of up to 38 digits, kept as text. Nothing here rounds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ctk::dynamodb {

/// [+-] digits [. digits] [e|E [+-] digits], with at least one digit before the exponent, and the exponent within
/// ±999999999 (DynamoDB's own limit is 1E+125). All functions below take such texts only; another counts as 0.
bool is_number(std::string_view text);

/// What a text is by one look at it.
enum class NumberForm : uint8_t { none, json, other };  ///< no number; a number in JSON's own spelling; in another
NumberForm number_form(std::string_view text);

/// The number as JSON allows it (no plus sign, no leading zeros or bare point), digit for digit otherwise: "+01.50" →
/// "1.50".
std::string json_number(std::string_view text);
void append_json_number(std::string& out, std::string_view text);

/// One spelling for one number: no exponent while 1 ≤ digits ≤ 40 suffice, else "1.5E-100"; no trailing zeros, "-0" → "0".
/// Two texts have the same canonical form exactly if they are the same number.
std::string canonical_number(std::string_view text);
void append_canonical_number(std::string& out, std::string_view text);

/// The usual integer, at less cost: up to 18 digits and nothing else, no leading zero.
std::optional<int64_t> plain_integer(std::string_view text);
/// The integer it is (1, 1.0, 1e3), if it fits.
std::optional<int64_t> exact_int64(std::string_view text);

/// The double whose shortest decimal is this very number; nothing where a double would be another number. Never -0.
std::optional<double> exact_double(std::string_view text);

/// Numeric order: negative, 0 or positive.
int compare_numbers(std::string_view left, std::string_view right);

}  // namespace ctk::dynamodb
