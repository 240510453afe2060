// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/coefficients.hpp - numbers that multiply codes, as two signed bytes each.
///
///   a_i = step (128 high_i + low_i) + error,   step = max |a| / 16319,   |error| <= step / 2,   -64 <= low < 64, |high| <= 127
///
/// Byte products are exact, so splitting keeps 14 bits of the largest number where one byte would keep 7.
///
/// Model of : -
/// Cost     : about 20 instructions for 16 numbers.
/// Accuracy : error / max |a| <= 2^-15.
/// Promise  : numbers past `n` become zeros; nothing is written past the padding.
/// Source   : -

#include "skive/simd/arithmetic.hpp"
#include "skive/simd/bytes.hpp"
#include "skive/simd/reduce.hpp"

namespace skive::detail {

inline constexpr float split_levels = 16319.0f;

/// Writes `padded` bytes (a multiple of 16) to each of high and low, four to a word; a[n] ... are not read, but in whole
/// sixteens. Returns the step; NaN if a number is not finite. Precondition: a[n] ... a[round up to 16] are zero.
template <class Arch>
inline float split(float const* a, std::size_t n, std::size_t padded, std::byte* high, std::byte* low) noexcept {
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;
  auto all = words::broadcast(0);
  for (std::size_t i = 0; i < n; i += 16)
    all = max(all, simd::as<std::uint32_t>(floats::load(a + i)) & words::broadcast(0x7FFF'FFFF));
  auto const most = simd::largest(all);
  if (most >= 0x7F80'0000U) return std::bit_cast<float>(0x7FC0'0000U);
  auto const largest = std::bit_cast<float>(most);
  auto const inverse = floats::broadcast(largest < 0x1p-100f ? 0.0f : split_levels / largest);
  constexpr float magic = 0x1.8p23f;  // the sum's last bit is one
  std::size_t i = 0;
  for (; i < n; i += 16) {
    auto const scaled = simd::product<Arch>(floats::load(a + i), inverse) + floats::broadcast(magic);
    auto const number = simd::as<std::int32_t>(scaled) - integers::broadcast(std::bit_cast<std::int32_t>(magic));
    auto const upper = (number + integers::broadcast(64)) >> 7;
    simd::store_bytes(simd::as<std::uint32_t>(upper), high + i);
    simd::store_bytes(simd::as<std::uint32_t>(number - (upper << 7)), low + i);
  }
  for (; i < padded; i += 16) {
    simd::store_bytes(words::broadcast(0), high + i);
    simd::store_bytes(words::broadcast(0), low + i);
  }
  return largest < 0x1p-100f ? 0.0f : largest / split_levels;
}

}  // namespace skive::detail
