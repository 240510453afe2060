// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/coefficients.hpp - numbers that multiply codes, as two signed bytes or one number of 16 bits each.
///
///   a_i = step c_i + error,   step = max |a| / 16319,   |error| <= step / 2,   |c_i| <= 16319
///   c_i = 128 high_i + low_i,   -64 <= low < 64, |high| <= 127
///   first word of four   the bytes high_0 ... high_3, or (simd::prefers_halves) the halves c_0, c_2
///   second word          the bytes low_0 ... low_3,   or the halves c_1, c_3, as codes widened from bytes stand
///
/// Products of integers are exact, so 14 bits of the largest number are kept where one byte would keep 7.
///
/// Model of : -
/// Cost     : about 20 instructions for 16 numbers.
/// Accuracy : error / max |a| <= 2^-15.
/// Promise  : numbers past `n` become zeros; nothing is written past the padding.
/// Source   : -

#include "skive/simd/alternate_halves.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/bytes.hpp"
#include "skive/simd/dot.hpp"
#include "skive/simd/reduce.hpp"

#include <cstring>

namespace skive::detail {

inline constexpr float split_levels = 16319.0f;

/// The words of sixteen numbers.
template <class Arch>
[[gnu::always_inline]] inline void store_coefficients(simd::integers<Arch> const& number, std::byte* first,
                                                      std::byte* second) noexcept {
  using integers = simd::integers<Arch>;
  if constexpr (simd::prefers_halves<Arch>) {
    simd::store_alternate(simd::as<std::uint32_t>(number), first, second);
  } else {
    auto const upper = (number + integers::broadcast(64)) >> 7;
    simd::store_bytes(simd::as<std::uint32_t>(upper), first);
    simd::store_bytes(simd::as<std::uint32_t>(number - (upper << 7)), second);
  }
}

/// Writes `padded` bytes (a multiple of 16) to each of first and second, four numbers to a word; a[n] ... are not read, but in whole
/// sixteens. Returns the step; NaN if a number is not finite. Precondition: a[n] ... a[round up to 16] are zero.
template <class Arch>
inline float split(float const* a, std::size_t n, std::size_t padded, std::byte* first, std::byte* second) noexcept {
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
    store_coefficients<Arch>(number, first + i, second + i);
  }
  for (; i < padded; i += 16) store_coefficients<Arch>(integers::broadcast(0), first + i, second + i);
  return largest < 0x1p-100f ? 0.0f : largest / split_levels;
}

}  // namespace skive::detail
