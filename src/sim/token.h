// Opaque texts that the services hand out and take back: shard iterators, page tokens. They hold numbers.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ctk::sim {

template <size_t N>
std::string write_token(const std::array<uint64_t, N>& numbers) {
  std::string text;
  text.reserve(12 + 16 * N);
  text = "AAAAAAAAAA";
  for (uint64_t number : numbers) {
    for (int shift = 60; shift >= 0; shift -= 4) text.push_back("0123456789abcdef"[number >> shift & 15]);
  }
  return text + "==";
}

template <size_t N>
std::optional<std::array<uint64_t, N>> read_token(std::string_view text) {
  if (text.size() != 12 + 16 * N || !text.starts_with("AAAAAAAAAA") || !text.ends_with("==")) return std::nullopt;
  std::array<uint64_t, N> numbers{};
  for (size_t i = 0; i < N; ++i) {
    const std::string_view field = text.substr(10 + 16 * i, 16);
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), numbers[i], 16);
    if (error != std::errc{} || end != field.data() + field.size()) return std::nullopt;
  }
  return numbers;
}

}  // namespace ctk::sim
