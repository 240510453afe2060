// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/outlier_list.hpp - a row's outliers in memory: ascending places, and values in a scalar format.
///
///   places of 16 bits where the row has at most 65536 numbers, else of 32; values of ceil(bits / 8) bytes; both little-endian
///
/// Model of : -
/// Cost     : a few instructions an outlier.
/// Promise  : good() is false unless places ascend and lie inside the row: what it accepts can be read and written without checks.
/// Source   : -

#include "skive/core/rounding.hpp"
#include "skive/core/scalar_format.hpp"

#include <cstddef>
#include <cstdint>

namespace skive::detail {

template <scalar_format Format>
struct outlier_list {
  static constexpr std::size_t value_bytes = (static_cast<std::size_t>(Format::bits) + 7) / 8;
  static constexpr std::size_t place_bytes(std::size_t row) noexcept { return row <= 65536 ? 2 : 4; }

  std::size_t row = 0;  // numbers of the row, less than 2^32
  std::size_t count = 0;

  static constexpr void store(std::uint64_t x, std::size_t bytes, std::byte* to) noexcept {
    for (std::size_t b = 0; b < bytes; ++b) to[b] = static_cast<std::byte>((x >> (8 * b)) & 0xFF);
  }
  static constexpr std::uint64_t load(std::byte const* from, std::size_t bytes) noexcept {
    std::uint64_t x = 0;
    for (std::size_t b = 0; b < bytes; ++b) x |= std::to_integer<std::uint64_t>(from[b]) << (8 * b);
    return x;
  }

  constexpr std::size_t place(std::byte const* places, std::size_t i) const noexcept {
    auto const bytes = place_bytes(row);
    return static_cast<std::size_t>(load(places + i * bytes, bytes));
  }
  constexpr void set_place(std::byte* places, std::size_t i, std::size_t at) const noexcept {
    auto const bytes = place_bytes(row);
    store(at, bytes, places + i * bytes);
  }
  static constexpr float value(std::byte const* values, std::size_t i) noexcept {
    using code_type = typename Format::code_type;
    constexpr auto mask = (std::uint64_t{1} << Format::bits) - 1;
    return static_cast<float>(Format::decode(static_cast<code_type>(load(values + i * value_bytes, value_bytes) & mask)));
  }
  static constexpr void set_value(std::byte* values, std::size_t i, float x) noexcept {
    store(Format::encode(x, nearest_even{}, saturating_finite), value_bytes, values + i * value_bytes);
  }
  constexpr bool good(std::byte const* places) const noexcept {
    for (std::size_t i = 0, next = 0; i < count; ++i) {
      auto const at = place(places, i);
      if (at < next || at >= row) return false;
      next = at + 1;
    }
    return true;
  }
  /// sum of values times x at their places, in double. Precondition: good(places).
  constexpr double dot(std::byte const* places, std::byte const* values, float const* x) const noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i)
      sum += static_cast<double>(value(values, i)) * static_cast<double>(x[place(places, i)]);
    return sum;
  }
};

}  // namespace skive::detail
